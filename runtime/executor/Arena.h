#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice {

/// Where every piece of memory begins: kernels may count on it.
constexpr uint64_t placeAlignment = 256; // bytes

/// Memory that is needed from the first to the last of two moments, both
/// included.
struct Lifetime {
  uint64_t bytes;
  uint32_t first, last;
};

struct Arena {
  std::vector<uint64_t> offsets; // of each piece, multiples of placeAlignment
  uint64_t bytes = 0;            // of the whole
};

/// Places `pieces` so that two which live at the same moment do not overlap:
/// moment by moment, the largest first, each into the smallest gap that takes
/// it. Moments are below `moments`. The same pieces always lie in the same
/// places. Errors: OutOfMemory if the bytes do not fit 63 bits.
Result<Arena> placeArena(std::span<const Lifetime> pieces, uint32_t moments);

} // namespace sluice
