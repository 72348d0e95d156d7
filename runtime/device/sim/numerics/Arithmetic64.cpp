#include "runtime/device/sim/numerics/Arithmetic64.h"

#include "runtime/device/sim/numerics/Rounded.h"

#include <bit>
#include <cmath>
#include <utility>

namespace sluice::sim {
namespace {

using Wide = unsigned __int128;

bool isFinite(double x) { return x - x == 0; }

double f64(uint64_t bits) { return std::bit_cast<double>(bits); }

/// What the host says about special values, with NaN made canonical.
double special(double x) { return x == x ? x : f64(kF64.nan); }

double finish(const Unrounded &x, Rounding rounding) {
  return f64(rounded(kF64, x, rounding));
}

int leadingZeros(Wide x) {
  auto high = static_cast<uint64_t>(x >> 64);
  return high ? std::countl_zero(high)
              : 64 + std::countl_zero(static_cast<uint64_t>(x));
}

/// The same number with bit 125 as its highest. Not for zero.
Unrounded atBit125(Unrounded x) {
  int shift = leadingZeros(x.significand) - 2;
  x.significand <<= shift;
  x.exponent -= shift;
  return x;
}

/// a + b of exact numbers with at most 106 significant bits.
///
///     bit 127 126 125                     19       0
///     a    0   0   1 . . . . . . . . . . . 0 . . . 0
///     b            0 0 0 1 . . . . . . . . . . . . . | lost: `inexact`
///
/// Bits of b are lost only if it starts at least 20 below a: then the sum keeps
/// bit 124, and has far more than 64 bits above the lost part.
Unrounded addExact(Unrounded a, Unrounded b, Rounding rounding) {
  if (a.significand == 0 && b.significand == 0) {
    a.negative = rounding == Rounding::Down ? a.negative || b.negative
                                            : a.negative && b.negative;
    return a;
  }
  if (a.significand == 0)
    return b;
  if (b.significand == 0)
    return a;
  a = atBit125(a);
  b = atBit125(b);
  if (a.exponent < b.exponent)
    std::swap(a, b);
  int shift = a.exponent - b.exponent;
  Wide low = shift > 127 ? 0 : b.significand >> shift;
  bool lost = shift > 127 || (low << shift) != b.significand;
  Unrounded sum = a;
  sum.inexact = lost;
  if (a.negative == b.negative) {
    sum.significand = a.significand + low;
  } else if (low > a.significand) { // same exponents only: nothing lost
    sum.significand = low - a.significand;
    sum.negative = b.negative;
  } else {
    // The lost part is subtracted too: one less, and inexact upwards again.
    sum.significand = a.significand - low - (lost ? 1 : 0);
    if (sum.significand == 0)
      sum.negative = rounding == Rounding::Down;
  }
  return sum;
}

Unrounded productOf(double a, double b) {
  Unrounded x = Unrounded::of(a);
  Unrounded y = Unrounded::of(b);
  return {x.negative != y.negative, false, x.exponent + y.exponent,
          x.significand * y.significand};
}

} // namespace

double addF64(double a, double b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return a + b;
  if (!isFinite(a) || !isFinite(b))
    return special(a + b);
  return finish(addExact(Unrounded::of(a), Unrounded::of(b), rounding),
                rounding);
}

double mulF64(double a, double b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return a * b;
  if (!isFinite(a) || !isFinite(b))
    return special(a * b);
  return finish(productOf(a, b), rounding);
}

double fmaF64(double a, double b, double c, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return std::fma(a, b, c);
  if (!isFinite(a) || !isFinite(b) || !isFinite(c))
    return special(std::fma(a, b, c));
  return finish(addExact(productOf(a, b), Unrounded::of(c), rounding),
                rounding);
}

double divF64(double a, double b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return a / b;
  if (!isFinite(a) || !isFinite(b) || a == 0 || b == 0)
    return special(a / b);
  Unrounded x = atBit125(Unrounded::of(a));
  Unrounded y = Unrounded::of(b); // at most 53 bits: a quotient of 72 or more
  Wide quotient = x.significand / y.significand;
  return finish({x.negative != y.negative,
                 quotient * y.significand != x.significand,
                 x.exponent - y.exponent, quotient},
                rounding);
}

double sqrtF64(double a, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return std::sqrt(a);
  if (!isFinite(a) || a <= 0)
    return special(std::sqrt(a));
  Unrounded x = atBit125(Unrounded::of(a));
  // An even exponent; bit 126 or 127 leads, so the root has 64 bits.
  if (x.exponent % 2 != 0) {
    x.significand <<= 1;
    x.exponent -= 1;
  } else {
    x.significand <<= 2;
    x.exponent -= 2;
  }
  Wide root = 0;
  Wide rest = x.significand;
  for (Wide bit = Wide{1} << 126; bit != 0; bit >>= 2) {
    Wide trial = root + bit;
    root >>= 1;
    if (rest >= trial) {
      rest -= trial;
      root += bit;
    }
  }
  return finish({false, rest != 0, x.exponent / 2, root}, rounding);
}

} // namespace sluice::sim
