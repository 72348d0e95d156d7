#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"
#include "runtime/device/sim/numerics/Multiversion.h"

#include <bit>
#include <cstdint>

namespace sluice::sim {

// f32 arithmetic as PTX 9.7.3 defines it, bit for bit in all four rounding
// modes, without touching the host's rounding mode (which must be to nearest,
// as C++ starts it, with subnormals on).
//
// The directed modes use one idea, rounding to odd: a double that is exact, or
// else the neighbour of the exact value whose last bit is 1, carries everything
// that a later rounding to at most 51 bits can ask for. Sums and products of
// f32 become such a double with one error term each.
//
// A NaN result is 0x7fffffff: PTX leaves its bits open, hardware gives these.

SLUICE_SIM_INLINE uint32_t bitsOf32(float x) {
  return std::bit_cast<uint32_t>(x);
}
SLUICE_SIM_INLINE float f32(uint32_t bits) {
  return std::bit_cast<float>(bits);
}

/// Integers all the way: a compiler may take one NaN of a float for another.
SLUICE_SIM_INLINE float canonical(float x) {
  uint32_t bits = bitsOf32(x);
  return f32((bits & 0x7fffffff) > 0x7f800000 ? 0x7fffffff : bits);
}

/// .ftz: a subnormal becomes a zero of its sign.
SLUICE_SIM_INLINE float flushed(float x) {
  uint32_t bits = bitsOf32(x);
  return f32((bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits);
}

/// .sat: [0, 1], and +0 for a NaN and for -0.
SLUICE_SIM_INLINE float saturated(float x) {
  float low = x > 0 ? x : 0.0F; // false for a NaN
  return low < 1 ? low : 1.0F;
}

/// `value` moved to its neighbour with an odd last bit if `error`, the exact
/// value minus `value`, is not zero.
SLUICE_SIM_INLINE double toOdd(double value, double error) {
  int64_t bits = std::bit_cast<int64_t>(value);
  bool away = (error > 0) == (bits >= 0);
  bool move = error != 0 && (bits & 1) == 0;
  return std::bit_cast<double>(bits + (move ? (away ? 1 : -1) : 0));
}

/// A double that is exact or rounded to odd, rounded to odd as an f32.
SLUICE_SIM_INLINE float toOddF32(double x) {
  auto near = static_cast<float>(x);
  double error = x - near; // exact, or NaN for infinities
  uint32_t bits = bitsOf32(near);
  bool finite = (bits & 0x7f800000) != 0x7f800000;
  bool move = finite && error != 0 && (bits & 1) == 0;
  bool away = (error > 0) == ((bits >> 31) == 0);
  return f32(bits + (move ? (away ? 1 : -1) : 0));
}

/// A double that is exact or rounded to odd, as an f32. A NaN stays one.
SLUICE_SIM_INLINE float roundedToF32(double x, Rounding rounding) {
  auto nearest = static_cast<float>(x);
  double back = nearest;
  // Neighbours are one apart in sign-magnitude bits, infinity included.
  uint32_t bits = bitsOf32(nearest);
  bool negative = (bits >> 31) != 0;
  bool tooHigh = back > x;
  bool tooLow = back < x;
  switch (rounding) {
  case Rounding::Zero:
    return f32(bits - ((negative ? tooLow : tooHigh) ? 1 : 0));
  case Rounding::Down:
    return f32(tooHigh ? (negative ? bits + 1 : bits - 1) : bits);
  case Rounding::Up:
    return f32(tooLow ? (negative ? bits - 1 : bits + 1) : bits);
  default:
    return nearest;
  }
}

/// a + b in double, rounded to odd; an exact zero has the sign that `rounding`
/// gives it. Finite or special arguments; the product of two f32 is exact.
SLUICE_SIM_INLINE double sumToOdd(double a, double b, Rounding rounding) {
  double sum = a + b;
  double bRound = sum - a;
  double error = (a - (sum - bRound)) + (b - bRound);
  if (sum == 0 && rounding == Rounding::Down)
    return std::bit_cast<int64_t>(a) >= 0 && std::bit_cast<int64_t>(b) >= 0
               ? 0.0
               : -0.0;
  // Infinities and NaN have no error term.
  bool finite = sum - sum == 0;
  return finite ? toOdd(sum, error) : sum;
}

SLUICE_SIM_INLINE float addF32(float a, float b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return canonical(a + b);
  double sum = sumToOdd(a, b, rounding);
  return canonical(roundedToF32(sum, rounding));
}

SLUICE_SIM_INLINE float mulF32(float a, float b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return canonical(a * b);
  double product = static_cast<double>(a) * b;
  return canonical(roundedToF32(product, rounding));
}

SLUICE_SIM_INLINE float fmaF32(float a, float b, float c, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return canonical(__builtin_fmaf(a, b, c));
  double sum = sumToOdd(static_cast<double>(a) * b, c, rounding);
  return canonical(roundedToF32(sum, rounding));
}

SLUICE_SIM_INLINE float divF32(float a, float b, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return canonical(a / b);
  double quotient = static_cast<double>(a) / b;
  // a - quotient * b is exact in double; its sign, and b's, tell on which side
  // of the quotient the exact one lies. b = 0 or infinity: nothing to correct.
  bool finite = quotient - quotient == 0;
  double rest = __builtin_fma(-quotient, static_cast<double>(b), a);
  if (finite && rest == rest)
    quotient = toOdd(quotient, b < 0 ? -rest : rest);
  return canonical(roundedToF32(quotient, rounding));
}

SLUICE_SIM_INLINE float sqrtF32(float a, Rounding rounding) {
  if (rounding == Rounding::Nearest)
    return canonical(__builtin_sqrtf(a));
  double root = __builtin_sqrt(static_cast<double>(a));
  if (root - root == 0)
    root = toOdd(root, __builtin_fma(-root, root, static_cast<double>(a)));
  return canonical(roundedToF32(root, rounding));
}

} // namespace sluice::sim
