#pragma once

#include "runtime/text/TokenizerTables.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Finds added tokens in text: the leftmost, and of those that start there the
/// longest. Immutable, so threads may share one.
class AddedTokens {
public:
  /// Those of `tables.added` whose `normalized` is as given.
  AddedTokens(const TokenizerTables &tables, bool normalized);

  struct Match {
    size_t begin, end; // byte offsets into the text
    uint32_t id;
  };
  /// The first match that begins at `from` or later.
  std::optional<Match> find(std::string_view text, size_t from) const;

  bool empty() const { return entries.empty(); }

private:
  struct Entry {
    std::string content;
    uint32_t id;
  };
  std::optional<Match> matchAt(std::string_view text, size_t at) const;

  std::vector<Entry> entries; // sorted by content
  // Entries that begin with byte b: firstOf[b] .. firstOf[b + 1].
  uint32_t firstOf[257] = {};
};

} // namespace sluice
