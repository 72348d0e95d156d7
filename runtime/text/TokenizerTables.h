#pragma once

#include "runtime/base/Status.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Limits of a tokenizer, in tokenizer.json and in the tables alike.
namespace tokenizerLimits {
constexpr uint32_t tokens = 1u << 20;     // ids are below this
constexpr uint32_t merges = 2u << 20;     // merge rules
constexpr uint32_t added = 1u << 16;      // added tokens
constexpr uint32_t addedLength = 512;     // bytes of one added token
constexpr uint32_t patterns = 8;          // split patterns
constexpr uint32_t patternLength = 4096;  // bytes of one
constexpr uint32_t textBytes = 64u << 20; // bytes of all tokens together
} // namespace tokenizerLimits

/// A byte-level BPE tokenizer as plain data: what the frontend makes of a
/// tokenizer.json and what a plan carries.
struct TokenizerTables {
  static constexpr uint32_t none = UINT32_MAX; // no such token

  enum Flag : uint8_t {
    Known = 1,   // a token has this id
    Piece = 2,   // text can become it: it is in the vocabulary, in byte letters
    Special = 4, // control, not text: skipped on request
  };

  /// `left` followed by `right` becomes `result`, whose bytes are theirs
  /// joined. A rule's rank is its index: the lowest rank is applied first.
  struct Merge {
    uint32_t left, right, result;
  };

  /// A token that is cut out of the text before the split patterns see it.
  /// Those not `normalized` are looked for first.
  struct Added {
    uint32_t id;
    bool normalized;
    std::string content; // 1..addedLength bytes of UTF-8, no two alike
  };

  /// A piece that is a token as a whole is taken without any merge.
  bool ignoreMerges = false;
  std::array<uint32_t, 256> byteTokens{}; // the token of each byte
  std::vector<uint8_t> flags;             // by id, of Flag
  std::vector<uint32_t> ends;             // by id: end of its bytes in `bytes`
  std::string bytes;                      // of all tokens by id, as decoded
  std::vector<Merge> merges;
  std::vector<Added> added;
  std::vector<std::string> patterns; // PCRE2, applied in order

  uint32_t size() const { return static_cast<uint32_t>(ends.size()); }
  bool has(uint32_t id, Flag flag) const {
    return id < size() && (flags[id] & flag);
  }
  /// The bytes that token `id` (< size()) decodes to.
  std::string_view token(uint32_t id) const {
    uint32_t begin = id ? ends[id - 1] : 0;
    return std::string_view(bytes).substr(begin, ends[id] - begin);
  }
};

/// The binary form. All numbers are little-endian uint32 unless said:
///
///     magic "SLTK", version 1, flags (bit 0: ignoreMerges),
///     counts: tokens V, merges M, added A, patterns P, bytes B
///     byteTokens[256]
///     ends[V]                      non-decreasing, the last is B
///     merges[M] {left, right, result}
///     added[A] {id, normalized 0 or 1, length}
///     patterns[P] {length}
///     flags[V]                     one byte each, of Flag
///     bytes[B], then the contents of added, then the patterns
///
/// Nothing follows the last byte.
std::string writeTokenizerTables(const TokenizerTables &tables);

/// Reads and checks tables, of which nothing is trusted: counts, lengths, ids,
/// ranges, and that every merge joins bytes. Errors: BadInput.
Result<TokenizerTables> readTokenizerTables(std::span<const std::byte> data);

} // namespace sluice
