#include "runtime/executor/Arena.h"

#include "runtime/base/Checked.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace sluice {
namespace {

/// The free parts of the arena; behind its end everything is free.
class Gaps {
public:
  /// The offset of a piece of `bytes`; none if the arena grows too large.
  std::optional<uint64_t> take(uint64_t bytes) {
    auto best = gaps.end();
    for (auto it = gaps.begin(); it != gaps.end(); ++it)
      if (it->second >= bytes &&
          (best == gaps.end() || it->second < best->second))
        best = it;
    if (best == gaps.end())
      return grow(bytes);
    auto [offset, size] = *best;
    gaps.erase(best);
    if (size > bytes)
      gaps[offset + bytes] = size - bytes;
    return offset;
  }

  void give(uint64_t offset, uint64_t bytes) {
    auto next = gaps.lower_bound(offset);
    if (next != gaps.end() && offset + bytes == next->first) {
      bytes += next->second;
      next = gaps.erase(next);
    }
    if (next != gaps.begin()) {
      auto before = std::prev(next);
      if (before->first + before->second == offset) {
        before->second += bytes;
        return;
      }
    }
    gaps[offset] = bytes;
  }

  uint64_t end() const { return theEnd; }

private:
  std::optional<uint64_t> grow(uint64_t bytes) {
    uint64_t offset = theEnd;
    // A gap that touches the end is used up before the arena grows.
    if (!gaps.empty()) {
      auto last = std::prev(gaps.end());
      if (last->first + last->second == theEnd) {
        offset = last->first;
        gaps.erase(last);
      }
    }
    std::optional<uint64_t> end = checkedAdd(offset, bytes);
    if (!end || *end >> 63 != 0)
      return std::nullopt;
    theEnd = *end;
    return offset;
  }

  std::map<uint64_t, uint64_t> gaps; // bytes by offset, none touch
  uint64_t theEnd = 0;
};

} // namespace

Result<Arena> placeArena(std::span<const Lifetime> pieces, uint32_t moments) {
  Status tooLarge = outOfMemory("the buffers of a step need more than 2^63 "
                                "bytes; ask for fewer rows or less context");
  std::vector<uint64_t> sizes;
  for (const Lifetime &piece : pieces) {
    std::optional<uint64_t> size = checkedAlign(piece.bytes, placeAlignment);
    if (!size)
      return tooLarge;
    sizes.push_back(*size);
  }
  std::vector<uint32_t> byFirst(pieces.size());
  std::iota(byFirst.begin(), byFirst.end(), 0);
  std::vector<uint32_t> byLast = byFirst;
  std::sort(byFirst.begin(), byFirst.end(), [&](uint32_t a, uint32_t b) {
    if (pieces[a].first != pieces[b].first)
      return pieces[a].first < pieces[b].first;
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b;
  });
  std::sort(byLast.begin(), byLast.end(), [&](uint32_t a, uint32_t b) {
    return pieces[a].last != pieces[b].last ? pieces[a].last < pieces[b].last
                                            : a < b;
  });

  Arena arena;
  arena.offsets.resize(pieces.size());
  Gaps gaps;
  auto born = byFirst.begin();
  auto dead = byLast.begin();
  for (uint32_t now = 0; now < moments; ++now) {
    for (; dead != byLast.end() && pieces[*dead].last < now; ++dead)
      if (sizes[*dead] > 0)
        gaps.give(arena.offsets[*dead], sizes[*dead]);
    for (; born != byFirst.end() && pieces[*born].first == now; ++born) {
      if (sizes[*born] == 0)
        continue;
      std::optional<uint64_t> offset = gaps.take(sizes[*born]);
      if (!offset)
        return tooLarge;
      arena.offsets[*born] = *offset;
    }
  }
  arena.bytes = gaps.end();
  return arena;
}

} // namespace sluice
