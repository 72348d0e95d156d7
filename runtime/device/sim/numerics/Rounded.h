#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"

namespace sluice::sim {

/// A finite number before it is rounded: (-1)^negative * (significand + t) *
/// 2^exponent with t = 0 if exact, else any value strictly between 0 and 1.
/// An inexact number has at least 64 significant bits, so that t never decides
/// between two candidates of any format here.
struct Unrounded {
  bool negative = false;
  bool inexact = false;
  int exponent = 0;
  unsigned __int128 significand = 0;

  static Unrounded of(double finite);
  static Unrounded of(uint64_t magnitude, bool negative) {
    return {negative, false, 0, magnitude};
  }
};

/// What becomes of a finite number beyond the largest of the format.
enum class Overflow : uint8_t {
  ByRounding, // infinity or the largest number, as IEEE 754 7.4 says; NaN where
              // the format has no infinity
  Saturate,   // the largest number (.satfinite)
};

/// The bits of `x` in `format`. Subnormal results are kept.
uint64_t rounded(const FloatFormat &format, const Unrounded &x,
                 Rounding rounding, Overflow overflow = Overflow::ByRounding);

/// The value of `bits`, exactly; canonical NaN for every NaN. Every format here
/// but f64 itself is narrower than a double.
double valueOf(const FloatFormat &format, uint64_t bits);

/// `x`, special values included, in `format`. `saturate` (.satfinite) turns
/// infinity and overflow into the largest number; a NaN becomes the format's
/// canonical NaN, or +MAX_NORM where it has none.
uint64_t bitsOf(const FloatFormat &format, double x, Rounding rounding,
                bool saturate);

/// ue8m0, a power of two from 2^-127 (code 0) to 2^127 (code 254), 255 = NaN,
/// without sign or zero: the sign of `x` is ignored and what is below 2^-127
/// becomes code 0. Rounding is Zero or Up. Beyond the range: NaN, or code 254
/// with `saturate`.
uint8_t ue8m0Of(double x, Rounding rounding, bool saturate);
double valueOfUe8m0(uint8_t code);

} // namespace sluice::sim
