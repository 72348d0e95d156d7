#pragma once

#include "runtime/device/sim/numerics/Arithmetic32.h"

namespace sluice::sim {

// f32 to and from a narrower format F, to nearest even: short code without
// branches or tables, which vectorises. Rounded.h has every format and rounding
// mode and is the definition; the tests hold the two together.

/// The f32 of `bits`, exactly; canonical NaN for a NaN.
template <const FloatFormat &F> SLUICE_SIM_INLINE float widened(uint32_t bits) {
  constexpr auto magnitudeMask = static_cast<uint32_t>(F.signBit() - 1);
  constexpr int drop = 23 - F.mantissaBits;
  uint32_t magnitude = bits & magnitudeMask;
  uint32_t sign = (bits & static_cast<uint32_t>(F.signBit()))
                  << (32 - F.bits());
  uint32_t result;
  if constexpr (F.exponentBits == 8) {
    result = magnitude << drop;
  } else {
    // With the fields aligned the value is too small by the difference of the
    // biases; the product is exact, and it normalises subnormals.
    constexpr auto scale = static_cast<uint32_t>(254 - F.bias())
                           << 23; // 2^(127 - bias)
    result = bitsOf32(f32(magnitude << drop) * f32(scale));
    if constexpr (F.hasInfinity)
      result = magnitude == F.infinity() ? 0x7f800000 : result;
  }
  if constexpr (F.nan != 0)
    if (magnitude > (F.hasInfinity ? F.infinity() : F.maxFinite))
      return f32(0x7fffffff);
  return f32(result | sign);
}

/// `x` to nearest even in F. `Saturate` is .satfinite. NaN: F's canonical NaN,
/// or +MAX_NORM where F has none; formats without infinity must saturate.
template <const FloatFormat &F, bool Saturate = !F.hasInfinity>
SLUICE_SIM_INLINE uint32_t narrowed(float x) {
  static_assert(Saturate || F.hasInfinity);
  constexpr int drop = 23 - F.mantissaBits;
  constexpr int biasGap = 127 - F.bias();
  constexpr auto infinity = static_cast<uint32_t>(F.infinity());
  constexpr auto maxFinite = static_cast<uint32_t>(F.maxFinite);
  uint32_t bits = bitsOf32(x);
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t sign = (bits >> 31) << (F.bits() - 1);
  // Half of the last place, less one if the place is even, then truncation; a
  // carry runs into the exponent as it should.
  uint32_t odd = (magnitude >> drop) & 1;
  uint32_t result = (magnitude - (static_cast<uint32_t>(biasGap) << 23) +
                     (uint32_t{1} << (drop - 1)) - 1 + odd) >>
                    drop;
  if constexpr (F.exponentBits != 8) {
    // A sum whose last place is F's smallest subnormal lets the host round.
    constexpr auto anchor =
        static_cast<uint32_t>(F.minExponent() - F.mantissaBits + 23 + 127)
        << 23;
    constexpr auto smallestNormal = static_cast<uint32_t>(F.minExponent() + 127)
                                    << 23;
    uint32_t tiny = bitsOf32(f32(magnitude) + f32(anchor)) - anchor;
    result = magnitude < smallestNormal ? tiny : result;
  }
  result = result > maxFinite ? (Saturate ? maxFinite : infinity) : result;
  result |= sign;
  constexpr auto nan = static_cast<uint32_t>(F.nan != 0 ? F.nan : F.maxFinite);
  return magnitude > 0x7f800000 ? nan : result;
}

} // namespace sluice::sim
