#pragma once

#include "test/reference/Linear.h"

namespace sluice::reference {

/// What the queries of one sequence may look at. A row is key and value at
/// once, one for all heads.
struct AttentionSources {
  View rows;               // [tokens 0 .. last position, width]
  std::int64_t window = 0; // tokens that a query sees, itself included
  View entries;            // [entries, width]; empty: the layer has none
  std::int64_t rate = 0;   // tokens an entry; 0: no entries
  /// [queries, top] indices of entries, -1 skipped. With top = 0 a query sees
  /// every entry that is closed at its position.
  std::span<const std::int64_t> picks;
  std::int64_t top = 0;
};

/// Entries whose last token is at or before `position`.
inline std::int64_t visibleEntries(std::int64_t position, std::int64_t rate) {
  return rate == 0 ? 0 : (position + 1) / rate;
}

/// One softmax over everything a query sees; sinks [heads] enter its
/// denominator only. q is [positions, heads * width]. -> the same shape
Values attend(View q, std::span<const std::int64_t> positions, View sinks,
              std::int64_t heads, std::int64_t width, double scale,
              const AttentionSources &sources);

} // namespace sluice::reference
