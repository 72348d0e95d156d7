#pragma once

#include "runtime/device/sim/numerics/Arithmetic32.h"

namespace sluice::sim {

// The approximate functions of PTX 9.7.3 and 9.7.4. Hardware's tables are not
// published, so a result is the exact one, computed in double and rounded,
// moved by a random amount within the bound that PTX documents if a seed is
// given: what a kernel computes must not depend on which of the allowed values
// it gets. The amount depends on function, arguments and seed only, never on
// thread or order. Corner cases (zeros, infinities, NaN) are PTX's tables,
// never moved.

enum class Approximation : uint8_t {
  Ex2,   // 2^x: 2 ulp from the rounded result
  Lg2,   // log2: 2^-22 absolute in (0.5, 2), else 2^-22 relative
  Rcp,   // 1/x: 1 ulp
  Rsqrt, // 1/sqrt(x): 2^-22.9 relative
  Sqrt,  // 2^-23 relative
  Sin,   // 2^-20.5 absolute in [-2pi, 2pi], 2^-14.7 in [-100pi, 100pi]
  Cos,   // as Sin
  Tanh,  // 2^-11 relative
};

/// The seed for what this host thread computes, state of the thread as a
/// rounding mode is: instructions have no other way to it. 0: nothing moves.
inline constinit thread_local uint64_t approximationSeed = 0;

/// f.approx{.ftz}.f32. `seed` 0: not moved.
float approximateF32(Approximation f, float x, bool ftz, uint64_t seed = 0);

/// ex2 (2^-9.9 relative) and tanh (2^-10.987 absolute) .approx.f16.
uint16_t approximateF16(Approximation f, uint16_t x, uint64_t seed = 0);
/// ex2 (2^-7 relative, with .ftz on inputs) and tanh (2^-8 absolute) .bf16.
uint16_t approximateBf16(Approximation f, uint16_t x, uint64_t seed = 0);

/// div.approx: 2 ulp for 2^-126 <= |b| <= 2^126; beyond, 1/b counts as zero, so
/// that the quotient is 0, or NaN if a is infinite.
float divApproxF32(float a, float b, bool ftz, uint64_t seed = 0);
/// div.full: 2 ulp everywhere.
float divFullF32(float a, float b, bool ftz, uint64_t seed = 0);

/// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64: of the upper 32 bits, into the
/// upper 32 bits; NaN 0x7fffffff00000000. rsqrt.approx.f64 is the full one.
double rcpApproxFtzF64(double x);
double rsqrtApproxFtzF64(double x);
double rsqrtApproxF64(double x);

/// 2^x for |x| <= 1000 with an error below 2^-48, and log2 of a positive normal
/// double below 2^-46 relative: without tables, branches or fused operations,
/// so that they vectorise and give the same bits on every host.
SLUICE_SIM_INLINE double exp2Near(double x) {
  constexpr double magic = 0x1.8p52; // adding it leaves an integer's bits
  double shifted = x + magic;
  double whole = shifted - magic;
  double z = (x - whole) * 0.693147180559945309417; // |z| <= ln(2) / 2
  // The exponential series, which ends below 2^-55 here.
  double p = 1.0 / 6227020800.0;
  p = p * z + 1.0 / 479001600.0;
  p = p * z + 1.0 / 39916800.0;
  p = p * z + 1.0 / 3628800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z + 1.0 / 5040.0;
  p = p * z + 1.0 / 720.0;
  p = p * z + 1.0 / 120.0;
  p = p * z + 1.0 / 24.0;
  p = p * z + 1.0 / 6.0;
  p = p * z + 0.5;
  p = p * z + 1.0;
  p = p * z + 1.0;
  // The integer, in the low bits of `shifted`, becomes the exponent.
  uint64_t scale = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  return p * std::bit_cast<double>(scale);
}

SLUICE_SIM_INLINE double log2Near(double x) {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); log2 m by the series of the
  // inverse hyperbolic tangent in s = (m - 1) / (m + 1), |s| < 0.172.
  uint64_t bits = std::bit_cast<uint64_t>(x);
  constexpr uint64_t sqrtHalf = 0x3fe6a09e667f3bcd;
  uint64_t shifted = bits - sqrtHalf;
  // The arithmetic shift of a 64-bit integer, as a conversion from 32 bits,
  // which every vector unit has.
  auto e = static_cast<double>(static_cast<int32_t>(shifted >> 32) >> 20);
  double m = std::bit_cast<double>((shifted & 0xfffffffffffff) + sqrtHalf);
  double s = (m - 1) / (m + 1);
  double q = s * s;
  double p = 1.0 / 23;
  p = p * q + 1.0 / 21;
  p = p * q + 1.0 / 19;
  p = p * q + 1.0 / 17;
  p = p * q + 1.0 / 15;
  p = p * q + 1.0 / 13;
  p = p * q + 1.0 / 11;
  p = p * q + 1.0 / 9;
  p = p * q + 1.0 / 7;
  p = p * q + 1.0 / 5;
  p = p * q + 1.0 / 3;
  p = p * q + 1.0;
  return e + s * p * 2.8853900817779268147; // 2 / ln(2)
}

/// ex2.approx without a seed.
SLUICE_SIM_INLINE float ex2F32(float x, bool ftz) {
  x = ftz ? flushed(x) : x;
  double y = x < -200 ? -200 : x > 200 ? 200 : static_cast<double>(x);
  auto power = static_cast<float>(exp2Near(y));
  power = ftz ? flushed(power) : power;
  return f32(x == x ? bitsOf32(power) : 0x7fffffff);
}

/// lg2.approx without a seed.
SLUICE_SIM_INLINE float lg2F32(float x, bool ftz) {
  x = ftz ? flushed(x) : x;
  auto logarithm = static_cast<float>(log2Near(static_cast<double>(x)));
  logarithm = ftz ? flushed(logarithm) : logarithm;
  logarithm = x == f32(0x7f800000) ? x : logarithm;
  logarithm = x == 0 ? f32(0xff800000) : logarithm;
  return f32(x >= 0 ? bitsOf32(logarithm) : 0x7fffffff);
}

SLUICE_SIM_INLINE float rcpF32(float x, bool ftz) {
  float y = canonical(1.0F / (ftz ? flushed(x) : x));
  return ftz ? flushed(y) : y;
}

SLUICE_SIM_INLINE float sqrtApproxF32(float x, bool ftz) {
  return canonical(__builtin_sqrtf(ftz ? flushed(x) : x));
}

SLUICE_SIM_INLINE float rsqrtF32(float x, bool ftz) {
  x = ftz ? flushed(x) : x;
  return canonical(
      static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(x))));
}

} // namespace sluice::sim
