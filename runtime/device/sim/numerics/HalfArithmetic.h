#pragma once

#include "runtime/device/sim/numerics/Arithmetic32.h"
#include "runtime/device/sim/numerics/NarrowFloat.h"

namespace sluice::sim {

// f16 and bf16 arithmetic, PTX 9.7.4: always to nearest even. Template argument
// F is kF16 or kBf16; values are their bits.
//
// An f32 has more than twice the significant bits (24 >= 2 * 11 + 2), so a sum,
// difference or product rounded first to f32 and then to F is rounded as if
// once. For a fused multiply-add that is not enough: its exact value is rounded
// to odd, twice, before the last rounding.

/// The modifiers that these instructions take.
struct HalfModifiers {
  bool ftz = false;  // f16 only: subnormal inputs and results become zeros
  bool sat = false;  // f16 only: [0, 1], NaN and -0 become +0
  bool relu = false; // fma only: negative (and -0) become +0, NaN canonical
};

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t flushedHalf(uint16_t x) {
  return (x & F.infinity()) == 0 ? x & F.signBit() : x;
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t finishedHalf(float x, const HalfModifiers &m) {
  if (m.sat)
    x = saturated(x);
  if (m.relu)
    x = x > 0 || x != x ? x : 0.0F;
  auto bits = static_cast<uint16_t>(narrowed<F>(x));
  return m.ftz ? flushedHalf<F>(bits) : bits;
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE float widenedHalf(uint16_t x, const HalfModifiers &m) {
  return widened<F>(m.ftz ? flushedHalf<F>(x) : x);
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t addHalf(uint16_t a, uint16_t b,
                                   const HalfModifiers &m) {
  return finishedHalf<F>(widenedHalf<F>(a, m) + widenedHalf<F>(b, m), m);
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t subHalf(uint16_t a, uint16_t b,
                                   const HalfModifiers &m) {
  return finishedHalf<F>(widenedHalf<F>(a, m) - widenedHalf<F>(b, m), m);
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t mulHalf(uint16_t a, uint16_t b,
                                   const HalfModifiers &m) {
  return finishedHalf<F>(widenedHalf<F>(a, m) * widenedHalf<F>(b, m), m);
}

template <const FloatFormat &F>
SLUICE_SIM_INLINE uint16_t fmaHalf(uint16_t a, uint16_t b, uint16_t c,
                                   const HalfModifiers &m) {
  double product =
      static_cast<double>(widenedHalf<F>(a, m)) * widenedHalf<F>(b, m);
  double sum = sumToOdd(product, widenedHalf<F>(c, m), Rounding::Nearest);
  return finishedHalf<F>(toOddF32(sum), m);
}

/// `f` on the two halves of packed operands: f16x2 and bf16x2.
template <typename Function, typename... Words>
SLUICE_SIM_INLINE uint32_t onHalves(Function f, Words... words) {
  uint32_t low = f(static_cast<uint16_t>(words)...);
  uint32_t high = f(static_cast<uint16_t>(words >> 16)...);
  return low | high << 16;
}

} // namespace sluice::sim
