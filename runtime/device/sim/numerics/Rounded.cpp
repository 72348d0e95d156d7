#include "runtime/device/sim/numerics/Rounded.h"

#include <bit>
#include <cmath>
#include <limits>

namespace sluice::sim {
namespace {

using Wide = unsigned __int128;

int highestBit(Wide x) {
  uint64_t high = static_cast<uint64_t>(x >> 64);
  return high ? 127 - std::countl_zero(high)
              : 63 - std::countl_zero(static_cast<uint64_t>(x));
}

/// Where the part that is cut off lies relative to half of the last place.
enum class Rest { None, BelowHalf, Half, AboveHalf };

bool roundsAway(Rounding rounding, Rest rest, bool odd, bool negative) {
  if (rest == Rest::None)
    return false;
  switch (rounding) {
  case Rounding::Nearest:
    return rest == Rest::AboveHalf || (rest == Rest::Half && odd);
  case Rounding::NearestAway:
    return rest != Rest::BelowHalf;
  case Rounding::Zero:
    return false;
  case Rounding::Down:
    return negative;
  case Rounding::Up:
    return !negative;
  }
  return false;
}

/// The largest finite number or infinity, IEEE 754 7.4.
uint64_t overflowed(const FloatFormat &format, bool negative, Rounding rounding,
                    Overflow overflow) {
  bool finite = overflow == Overflow::Saturate || rounding == Rounding::Zero ||
                (rounding == Rounding::Down && !negative) ||
                (rounding == Rounding::Up && negative);
  if (finite)
    return format.maxFinite;
  return format.hasInfinity ? format.infinity() : format.nan;
}

} // namespace

Unrounded Unrounded::of(double finite) {
  uint64_t bits = std::bit_cast<uint64_t>(finite);
  int field = static_cast<int>(bits >> 52) & 0x7ff;
  uint64_t fraction = bits & 0xfffffffffffff;
  bool negative = (bits >> 63) != 0;
  if (field == 0)
    return {negative, false, -1074, fraction};
  return {negative, false, field - 1075, fraction | (uint64_t{1} << 52)};
}

uint64_t rounded(const FloatFormat &format, const Unrounded &x,
                 Rounding rounding, Overflow overflow) {
  uint64_t sign = x.negative ? format.signBit() : 0;
  if (x.significand == 0)
    return sign;
  int top = highestBit(x.significand);
  int magnitude = x.exponent + top; // 2^magnitude <= |x| < 2^(magnitude + 1)
  int binade =
      magnitude < format.minExponent() ? format.minExponent() : magnitude;
  // `shift` bits of the significand lie below the last place.
  int shift = binade - format.mantissaBits - x.exponent;
  Wide kept = 0;
  Rest rest = Rest::None;
  if (shift <= 0) {
    kept = x.significand << -shift;
    rest = x.inexact ? Rest::BelowHalf : Rest::None;
  } else if (shift > top + 1) {
    rest = Rest::BelowHalf;
  } else {
    kept = shift > 127 ? 0 : x.significand >> shift;
    Wide half = Wide{1} << (shift - 1);
    Wide cut = x.significand & (half | (half - 1));
    if (cut == half)
      rest = x.inexact ? Rest::AboveHalf : Rest::Half;
    else if (cut > half)
      rest = Rest::AboveHalf;
    else
      rest = cut != 0 || x.inexact ? Rest::BelowHalf : Rest::None;
  }
  bool odd = (kept & 1) != 0;
  if (roundsAway(rounding, rest, odd, x.negative))
    ++kept;
  if (magnitude > format.bias() + 1)
    return sign | overflowed(format, x.negative, rounding, overflow);
  // The implicit bit of `kept` adds one to the exponent field, and so does a
  // carry out of rounding: a subnormal grows into the smallest normal number.
  uint64_t field = static_cast<uint64_t>(binade + format.bias() - 1);
  uint64_t bits = (field << format.mantissaBits) + static_cast<uint64_t>(kept);
  if (bits > format.maxFinite)
    return sign | overflowed(format, x.negative, rounding, overflow);
  return sign | bits;
}

double valueOf(const FloatFormat &format, uint64_t bits) {
  if (format.mantissaBits == 52)
    return std::bit_cast<double>(bits);
  bool negative = (bits & format.signBit()) != 0;
  uint64_t magnitude = bits & (format.signBit() - 1);
  double value = 0;
  if (magnitude > format.maxFinite) {
    if (!format.hasInfinity || magnitude != format.infinity())
      return std::numeric_limits<double>::quiet_NaN();
    value = std::numeric_limits<double>::infinity();
  } else {
    uint64_t fraction = magnitude & ((uint64_t{1} << format.mantissaBits) - 1);
    int field = static_cast<int>(magnitude >> format.mantissaBits);
    if (field)
      fraction |= uint64_t{1} << format.mantissaBits;
    value =
        std::ldexp(static_cast<double>(fraction),
                   (field ? field : 1) - format.bias() - format.mantissaBits);
  }
  return negative ? -value : value;
}

uint64_t bitsOf(const FloatFormat &format, double x, Rounding rounding,
                bool saturate) {
  if (std::isnan(x))
    return format.nan ? format.nan : format.maxFinite;
  if (std::isinf(x)) {
    uint64_t sign = std::signbit(x) ? format.signBit() : 0;
    if (saturate)
      return sign | format.maxFinite;
    return format.hasInfinity ? sign | format.infinity() : format.nan;
  }
  return rounded(format, Unrounded::of(x), rounding,
                 saturate ? Overflow::Saturate : Overflow::ByRounding);
}

uint8_t ue8m0Of(double x, Rounding rounding, bool saturate) {
  constexpr uint8_t nan = 255;
  constexpr uint8_t largest = 254;
  if (std::isnan(x))
    return nan;
  if (std::isinf(x))
    return saturate ? largest : nan;
  x = std::fabs(x);
  if (x <= std::ldexp(1.0, -127))
    return 0;
  int exponent = 0; // x = m * 2^exponent with m in [0.5, 1)
  double m = std::frexp(x, &exponent);
  int code = exponent - 1 + 127;
  if (rounding == Rounding::Up && m != 0.5)
    ++code;
  if (code > largest)
    return saturate ? largest : nan;
  return static_cast<uint8_t>(code);
}

double valueOfUe8m0(uint8_t code) {
  if (code == 255)
    return std::numeric_limits<double>::quiet_NaN();
  return std::ldexp(1.0, code - 127);
}

} // namespace sluice::sim
