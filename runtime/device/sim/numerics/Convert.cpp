#include "runtime/device/sim/numerics/Convert.h"

#include "runtime/device/sim/numerics/Rounded.h"

#include <bit>
#include <cmath>

namespace sluice::sim {
namespace {

const FloatFormat &formatOf(NumberType type) {
  switch (type) {
  case NumberType::F16:
    return kF16;
  case NumberType::Bf16:
    return kBf16;
  case NumberType::F64:
    return kF64;
  case NumberType::Tf32:
    return kTf32;
  case NumberType::E4m3:
    return kE4m3;
  case NumberType::E5m2:
    return kE5m2;
  case NumberType::E2m1:
    return kE2m1;
  case NumberType::E2m3:
    return kE2m3;
  case NumberType::E3m2:
    return kE3m2;
  default:
    return kF32;
  }
}

uint64_t lowBits(int bits) {
  return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

/// An integer element with its sign, so that every type fits.
__int128 integerOf(NumberType type, uint64_t bits) {
  int width = elementBits(type);
  bits &= lowBits(width);
  bool negative = isSigned(type) && (bits >> (width - 1)) != 0;
  return negative ? static_cast<__int128>(bits) -
                        (static_cast<__int128>(lowBits(width)) + 1)
                  : static_cast<__int128>(bits);
}

__int128 clamped(NumberType type, __int128 x) {
  int width = elementBits(type);
  __int128 high = isSigned(type) ? (static_cast<__int128>(1) << (width - 1)) - 1
                                 : static_cast<__int128>(lowBits(width));
  __int128 low = isSigned(type) ? -high - 1 : 0;
  return x < low ? low : x > high ? high : x;
}

double roundedToInteger(double x, Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return std::trunc(x);
  case Rounding::Down:
    return std::floor(x);
  case Rounding::Up:
    return std::ceil(x);
  default: {
    double below = std::floor(x);
    double rest = x - below; // exact
    bool odd = std::fmod(below, 2.0) != 0;
    double nearest = rest > 0.5 || (rest == 0.5 && odd) ? below + 1 : below;
    return std::copysign(nearest, x);
  }
  }
}

double flushedIf(bool ftz, NumberType type, double x) {
  bool subnormal = type == NumberType::F32 && x != 0 &&
                   std::fabs(x) < std::ldexp(1.0, kF32.minExponent());
  return ftz && subnormal ? std::copysign(0.0, x) : x;
}

/// The value of a float element; tf32 is read as hardware does, cut off.
double floatOf(NumberType type, uint64_t bits) {
  if (type == NumberType::Ue8m0)
    return valueOfUe8m0(static_cast<uint8_t>(bits));
  const FloatFormat &format = formatOf(type);
  if (type == NumberType::Tf32)
    bits = (bits & lowBits(32)) >> 13;
  return valueOf(format, bits & lowBits(format.bits()));
}

uint64_t floatToInteger(const Conversion &c, double x) {
  int width = elementBits(c.to);
  if (std::isnan(x)) {
    bool zero = c.from != NumberType::F64 && width != 64;
    return zero ? 0 : uint64_t{1} << (width - 1);
  }
  x = roundedToInteger(x, c.rounding);
  // 2^64 and beyond, which a 128-bit integer need not hold, clamp alike.
  double bound = std::ldexp(1.0, 65);
  x = x > bound ? bound : x < -bound ? -bound : x;
  return static_cast<uint64_t>(clamped(c.to, static_cast<__int128>(x))) &
         lowBits(width);
}

/// .sat, .relu and .ftz on a finished result in c.to.
uint64_t finished(const Conversion &c, uint64_t bits) {
  const FloatFormat &format = formatOf(c.to);
  uint64_t magnitude = bits & (format.signBit() - 1);
  uint64_t last = format.hasInfinity ? format.infinity() : format.maxFinite;
  bool nan = magnitude > last;
  bool negative = (bits & format.signBit()) != 0;
  if (c.sat) {
    uint64_t one = static_cast<uint64_t>(format.bias()) << format.mantissaBits;
    bits = nan || negative ? 0 : bits > one ? one : bits;
  }
  if (c.relu && negative && !nan)
    bits = 0;
  if (c.ftz && c.to == NumberType::F32 && (bits & format.infinity()) == 0)
    bits &= format.signBit();
  if (c.to == NumberType::Tf32)
    bits = nan ? kF32.nan : bits << 13;
  return bits;
}

} // namespace

int elementBits(NumberType type) {
  switch (type) {
  case NumberType::U16:
  case NumberType::S16:
  case NumberType::F16:
  case NumberType::Bf16:
    return 16;
  case NumberType::U32:
  case NumberType::S32:
  case NumberType::F32:
  case NumberType::Tf32:
    return 32;
  case NumberType::U64:
  case NumberType::S64:
  case NumberType::F64:
    return 64;
  case NumberType::E2m1:
    return 4;
  default:
    return 8;
  }
}

uint64_t convert(const Conversion &c, uint64_t from) {
  if (isInteger(c.from)) {
    __int128 x = integerOf(c.from, from);
    if (isInteger(c.to))
      return static_cast<uint64_t>(c.sat ? clamped(c.to, x) : x) &
             lowBits(elementBits(c.to));
    auto magnitude = static_cast<uint64_t>(x < 0 ? -x : x);
    return finished(c, rounded(formatOf(c.to), Unrounded::of(magnitude, x < 0),
                               c.rounding));
  }
  double x = flushedIf(c.ftz, c.from, floatOf(c.from, from));
  if (isInteger(c.to))
    return floatToInteger(c, x);
  if (c.to == NumberType::Ue8m0)
    return ue8m0Of(x, c.rounding, c.satfinite);
  if (c.integral && std::isfinite(x))
    x = roundedToInteger(x, c.rounding);
  return finished(c, bitsOf(formatOf(c.to), x, c.rounding, c.satfinite));
}

uint64_t convertPair(const Conversion &c, uint64_t high, uint64_t low) {
  return convert(c, low) | convert(c, high) << elementBits(c.to);
}

uint64_t convertPacked(const Conversion &c, uint64_t from) {
  return convertPair(c, from >> elementBits(c.from), from);
}

} // namespace sluice::sim
