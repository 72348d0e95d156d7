#include "runtime/device/sim/numerics/Approximate.h"

#include "runtime/device/sim/numerics/Rounded.h"

#include <cmath>
#include <initializer_list>

namespace sluice::sim {
namespace {

/// A number in [-1, 1] that hangs on its arguments only.
double noise(uint64_t seed, uint64_t function, uint64_t a, uint64_t b) {
  uint64_t z = seed + function * 0x9e3779b97f4a7c15 + a;
  for (uint64_t next : {b, uint64_t{0}}) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z = (z ^ (z >> 31)) + next;
  }
  return static_cast<double>(static_cast<int64_t>(z)) * 0x1p-63;
}

/// The distance between neighbours of F around x.
double lastPlace(const FloatFormat &format, double x) {
  int exponent = std::ilogb(x);
  if (exponent < format.minExponent())
    exponent = format.minExponent();
  return std::ldexp(1.0, exponent - format.mantissaBits);
}

/// A documented bound on the error of a result y, as an absolute amount.
double bound(Approximation f, double x, double y) {
  switch (f) {
  case Approximation::Ex2:
    // 2 from a result that is half off; just below a power of two, a double
    // may be that power already, with twice the last place.
    return 2.5 * lastPlace(kF32, y * (1 - 0x1p-40));
  case Approximation::Rcp:
    return lastPlace(kF32, y);
  case Approximation::Rsqrt:
    return std::fabs(y) * std::exp2(-22.9);
  case Approximation::Sqrt:
    return std::fabs(y) * 0x1p-23;
  case Approximation::Lg2:
    return x > 0.5 && x < 2 ? 0x1p-22 : std::fabs(y) * 0x1p-22;
  case Approximation::Tanh:
    return std::fabs(y) * 0x1p-11;
  case Approximation::Sin:
  case Approximation::Cos:
    return std::exp2(std::fabs(x) <= 6.2831853 ? -20.5 : -14.7);
  }
  return 0;
}

/// y moved at random, so that after rounding to `format` it is off by no more
/// than `limit`.
double moved(const FloatFormat &format, double y, double limit, double random) {
  if (y == 0 || !std::isfinite(y))
    return y;
  double room = limit - lastPlace(format, std::fabs(y) + limit) / 2;
  return room > 0 ? y + room * random * 0.999 : y;
}

double exact(Approximation f, double x) {
  switch (f) {
  case Approximation::Ex2:
    return std::exp2(x);
  case Approximation::Lg2:
    return std::log2(x);
  case Approximation::Rcp:
    return 1 / x;
  case Approximation::Rsqrt:
    return 1 / std::sqrt(x);
  case Approximation::Sqrt:
    return std::sqrt(x);
  case Approximation::Sin:
    return std::sin(x);
  case Approximation::Cos:
    return std::cos(x);
  case Approximation::Tanh:
    return std::tanh(x);
  }
  return x;
}

/// Arguments whose result PTX's tables fix.
bool isCorner(double x) { return x == 0 || x - x != 0; }

bool staysWithinOne(Approximation f) {
  return f == Approximation::Sin || f == Approximation::Cos ||
         f == Approximation::Tanh;
}

uint16_t approximateHalf(const FloatFormat &format, Approximation f, double x,
                         double limit, uint64_t seed, uint64_t bits) {
  double y = exact(f, x);
  if (seed && !isCorner(x)) {
    bool relative = f == Approximation::Ex2;
    y = moved(format, y, relative ? y * limit : limit,
              noise(seed, static_cast<uint64_t>(f) + 16, bits, format.bias()));
    if (staysWithinOne(f))
      y = std::fmax(-1.0, std::fmin(1.0, y));
  }
  return static_cast<uint16_t>(bitsOf(format, y, Rounding::Nearest, false));
}

float rounded32(double y, bool ftz) {
  float result = canonical(static_cast<float>(y));
  return ftz ? flushed(result) : result;
}

float quotient(float a, float b, bool ftz, uint64_t seed, uint64_t function) {
  double y = static_cast<double>(a) / b;
  if (seed && !isCorner(y))
    y = moved(kF32, y, 2 * lastPlace(kF32, y),
              noise(seed, function, bitsOf32(a), bitsOf32(b)));
  return rounded32(y, ftz);
}

/// The upper half of `bits`, rounded there; hardware's tables give 20 bits.
double upperHalf(double x) {
  uint64_t bits = std::bit_cast<uint64_t>(x);
  if (x != x)
    return std::bit_cast<double>(0x7fffffff00000000);
  if (std::fabs(x) < 0x1p-1022)
    return std::copysign(0.0, x);
  return std::bit_cast<double>(bits & 0xffffffff00000000);
}

} // namespace

float approximateF32(Approximation f, float x, bool ftz, uint64_t seed) {
  if (seed == 0) {
    switch (f) {
    case Approximation::Ex2:
      return ex2F32(x, ftz);
    case Approximation::Lg2:
      return lg2F32(x, ftz);
    case Approximation::Rcp:
      return rcpF32(x, ftz);
    case Approximation::Rsqrt:
      return rsqrtF32(x, ftz);
    case Approximation::Sqrt:
      return sqrtApproxF32(x, ftz);
    default:
      break;
    }
  }
  x = ftz ? flushed(x) : x;
  double y = exact(f, x);
  // Small arguments pass through tanh; moving a subnormal would be wrong.
  bool small = f == Approximation::Tanh && std::fabs(x) < 0x1p-126F;
  if (seed && !isCorner(x) && !small) {
    y = moved(kF32, y, bound(f, x, y),
              noise(seed, static_cast<uint64_t>(f), bitsOf32(x), 0));
    if (staysWithinOne(f))
      y = std::fmax(-1.0, std::fmin(1.0, y));
  }
  return rounded32(y, ftz);
}

uint16_t approximateF16(Approximation f, uint16_t x, uint64_t seed) {
  double limit = std::exp2(f == Approximation::Ex2 ? -9.9 : -10.987);
  return approximateHalf(kF16, f, valueOf(kF16, x), limit, seed, x);
}

uint16_t approximateBf16(Approximation f, uint16_t x, uint64_t seed) {
  double value = valueOf(kBf16, x);
  if (f != Approximation::Ex2)
    return approximateHalf(kBf16, f, value, 0x1p-8, seed, x);
  if ((x & kBf16.infinity()) == 0)
    value = 0; // .ftz
  uint16_t result = approximateHalf(kBf16, f, value, 0x1p-7, seed, x);
  return (result & kBf16.infinity()) == 0 ? 0 : result;
}

float divApproxF32(float a, float b, bool ftz, uint64_t seed) {
  a = ftz ? flushed(a) : a;
  b = ftz ? flushed(b) : b;
  float magnitude = std::fabs(b);
  if (magnitude > 0x1p126F && magnitude < f32(0x7f800000))
    return canonical(a * std::copysign(0.0F, b));
  return quotient(a, b, ftz, seed, 32);
}

float divFullF32(float a, float b, bool ftz, uint64_t seed) {
  return quotient(ftz ? flushed(a) : a, ftz ? flushed(b) : b, ftz, seed, 33);
}

double rcpApproxFtzF64(double x) { return upperHalf(1 / upperHalf(x)); }

double rsqrtApproxFtzF64(double x) {
  return upperHalf(1 / std::sqrt(upperHalf(x)));
}

double rsqrtApproxF64(double x) { return 1 / std::sqrt(x); }

} // namespace sluice::sim
