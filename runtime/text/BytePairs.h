#pragma once

#include "runtime/text/TokenizerTables.h"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice {

/// Byte pair encoding of one piece of text: its bytes' tokens, then, as long as
/// there is one, the merge of lowest rank, leftmost first. Immutable after
/// create(), so threads may share one, each with its own Work.
class BytePairs {
public:
  /// `tables` must outlive the result. Errors: BadInput for two merges of one
  /// pair.
  static Result<BytePairs> create(const TokenizerTables &tables);

  /// A piece while it is merged: a list of symbols, linked by index. A symbol
  /// stands at the index of its first byte.
  struct Work {
    struct Symbol {
      uint32_t id, previous, next; // id none: merged into a symbol before
    };
    struct Candidate {
      uint32_t rank, at, result;
    };
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  /// Appends the tokens of `piece` to `out`. Time is n log n of its length.
  void encode(std::string_view piece, Work &work,
              std::vector<int32_t> &out) const;

private:
  struct Slot {
    uint64_t pair = UINT64_MAX; // left << 32 | right; no pair is all ones
    uint32_t rank = TokenizerTables::none;
    uint32_t result = 0;
  };
  explicit BytePairs(const TokenizerTables &tables);
  static uint64_t key(uint32_t left, uint32_t right) {
    return uint64_t(left) << 32 | right;
  }
  /// The slot that holds `pair`, or the empty one where it would go. At least
  /// half of the slots are empty.
  size_t slotOf(uint64_t pair) const {
    size_t i = (pair * 0x9E3779B97F4A7C15) >> shift;
    while (slots[i].pair != pair && slots[i].pair != UINT64_MAX)
      i = (i + 1) & (slots.size() - 1);
    return i;
  }
  const Slot &find(uint32_t left, uint32_t right) const {
    return slots[slotOf(key(left, right))];
  }
  void encodeShort(std::string_view piece, std::vector<int32_t> &out) const;
  void encodeLong(std::string_view piece, Work &work,
                  std::vector<int32_t> &out) const;

  const TokenizerTables *tables;
  std::vector<Slot> slots; // open addressing, a power of two
  unsigned shift = 0;      // 64 - log2(slots)
  // Pieces that are a token as they are; filled only for ignoreMerges.
  std::unordered_map<std::string_view, uint32_t> whole;
};

} // namespace sluice
