#pragma once

#include "runtime/device/sim/numerics/Arithmetic32.h"

#include <type_traits>

namespace sluice::sim {

/// min and max of PTX 9.7.3.11/12 and 9.7.4.7/8 on bits of a format F:
/// -0 < +0; one NaN loses, unless `propagateNan` (.NaN); two give the canonical
/// NaN. `xorSign` is .xorsign.abs: the smaller or larger magnitude, with the
/// product of both signs, ignored for a NaN result. .ftz flushes subnormals.
template <const FloatFormat &F, bool Max, typename Bits>
SLUICE_SIM_INLINE Bits minMax(Bits a, Bits b, bool propagateNan, bool xorSign,
                              bool ftz) {
  constexpr auto signBit = static_cast<Bits>(F.signBit());
  constexpr auto infinity = static_cast<Bits>(F.infinity());
  if (ftz) {
    a = (a & infinity) == 0 ? static_cast<Bits>(a & signBit) : a;
    b = (b & infinity) == 0 ? static_cast<Bits>(b & signBit) : b;
  }
  auto resultSign = static_cast<Bits>((a ^ b) & signBit);
  if (xorSign) {
    a &= static_cast<Bits>(~signBit);
    b &= static_cast<Bits>(~signBit);
  }
  bool aNan = static_cast<Bits>(a & ~signBit) > infinity;
  bool bNan = static_cast<Bits>(b & ~signBit) > infinity;
  // Sign-magnitude to two's complement order, with -0 below +0.
  using Signed = std::make_signed_t<Bits>;
  auto aKey = static_cast<Signed>((a & signBit) ? a ^ ~signBit : a);
  auto bKey = static_cast<Signed>((b & signBit) ? b ^ ~signBit : b);
  Bits result = (Max ? aKey > bKey : aKey < bKey) ? a : b;
  result = aNan ? b : bNan ? a : result;
  if (xorSign)
    result = static_cast<Bits>(result | resultSign);
  bool nan = propagateNan ? aNan || bNan : aNan && bNan;
  return nan ? static_cast<Bits>(F.nan) : result;
}

} // namespace sluice::sim
