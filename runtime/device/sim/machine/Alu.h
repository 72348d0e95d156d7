#pragma once

#include "runtime/device/sim/machine/Warp.h"
#include "runtime/device/sim/numerics/Multiversion.h"
#include "runtime/device/sim/program/Binder.h"

#include <type_traits>

namespace sluice::sim {

// Arithmetic on the 32 lanes of registers. A LanesOp is a plain function with
// three versions (Multiversion.h); its loop calls something that is inlined.

/// Runs Instruction::payload.lanes with results of `Bytes` bytes a lane.
template <int Bytes>
void runLanes(Warp &warp, const Instruction &instruction, LaneMask mask);

/// The binder's instruction becomes `op`, whose result has `bits` bits.
bool useLanes(Binder &binder, LanesOp *op, int bits, uint32_t options = 0);

/// The same of an op whose bits each depend on one bit at most of each of the
/// first `sources` operands, of `sourceBits` bits (0: as many as the result),
/// and on the operands behind them. What nobody wrote then taints no more of
/// the result than it reaches.
bool useBits(Binder &binder, LanesOp *op, int bits, uint8_t sources,
             uint32_t options = 0, int sourceBits = 0);

/// 0..5 for u16 u32 u64 s16 s32 s64 (and b16 b32 b64 as unsigned); -1 else.
int integerIndex(Type type);

/// The lanes of 32 whose value is `value`, and whether that is all of them.
LaneMask lanesWith(const uint32_t *lanes, uint32_t value);
bool allLanesAre(const uint32_t *lanes, uint32_t value);

#define SLUICE_SIM_LANES(name)                                                 \
  SLUICE_SIM_MULTIVERSION void name(                                           \
      [[maybe_unused]] void *d, [[maybe_unused]] const void *a,                \
      [[maybe_unused]] const void *b, [[maybe_unused]] const void *c,          \
      [[maybe_unused]] uint32_t options)

// The loops. A result may be an operand's register: each lane is read before it
// is written, which the vectoriser is told.
#define SLUICE_SIM_LOOP                                                        \
  SLUICE_SIM_VECTORISE for (int lane = 0; lane < kWarpLanes; ++lane)

template <typename To, typename From, typename F>
SLUICE_SIM_INLINE void map1(void *d, const void *a, F f) {
  auto *to = static_cast<To *>(d);
  const auto *x = static_cast<const From *>(a);
  SLUICE_SIM_LOOP to[lane] = f(x[lane]);
}

template <typename To, typename From, typename From2 = From, typename F>
SLUICE_SIM_INLINE void map2(void *d, const void *a, const void *b, F f) {
  auto *to = static_cast<To *>(d);
  const auto *x = static_cast<const From *>(a);
  const auto *y = static_cast<const From2 *>(b);
  SLUICE_SIM_LOOP to[lane] = f(x[lane], y[lane]);
}

template <typename To, typename A, typename B, typename C, typename F>
SLUICE_SIM_INLINE void map3(void *d, const void *a, const void *b,
                            const void *c, F f) {
  auto *to = static_cast<To *>(d);
  const auto *x = static_cast<const A *>(a);
  const auto *y = static_cast<const B *>(b);
  const auto *z = static_cast<const C *>(c);
  SLUICE_SIM_LOOP to[lane] = f(x[lane], y[lane], z[lane]);
}

/// Calls f(lane) for each lane of `lanes`.
template <typename F> SLUICE_SIM_INLINE void forLanes(LaneMask lanes, F f) {
  if (lanes == kAllLanes)
    for (int lane = 0; lane < kWarpLanes; ++lane)
      f(lane);
  else
    for (; lanes != 0; lanes &= lanes - 1)
      f(std::countr_zero(lanes));
}

/// The lanes for which f(lane) holds.
template <typename F> SLUICE_SIM_INLINE LaneMask maskOf(F f) {
  using Bytes = uint8_t __attribute__((ext_vector_type(kWarpLanes)));
  using Bits = bool __attribute__((ext_vector_type(kWarpLanes)));
  alignas(kWarpLanes) uint8_t flags[kWarpLanes];
  SLUICE_SIM_VECTORISE_BY(32, 1)
  for (int lane = 0; lane < kWarpLanes; ++lane)
    flags[lane] = f(lane) ? 0xff : 0;
  return __builtin_bit_cast(
      LaneMask,
      __builtin_convertvector(*reinterpret_cast<const Bytes *>(flags), Bits));
}

/// An unsigned type in which T's sums and products wrap without promotion.
template <typename T>
using Wrapping = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;

/// mov between a register of `bits` bits and the vector of its parts.
bool bindParts(Binder &b, int bits, bool pack, bool unpack);

} // namespace sluice::sim
