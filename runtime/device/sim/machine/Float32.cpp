#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Float.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/numerics/Approximate.h"
#include "runtime/device/sim/numerics/Lanes.h"
#include "runtime/device/sim/numerics/MinMax.h"

namespace sluice::sim {
namespace {

// To nearest without modifiers: what kernels use.
#define PLAIN_2(name, expression)                                              \
  SLUICE_SIM_LANES(name) {                                                     \
    map2<float, float>(d, a, b,                                                \
                       [](float x, float y) __attribute__((always_inline)) {   \
                         return canonical(expression);                         \
                       });                                                     \
  }
PLAIN_2(addPlain, x + y)
PLAIN_2(subPlain, x - y)
PLAIN_2(mulPlain, x *y)
PLAIN_2(divPlain, x / y)
SLUICE_SIM_LANES(fmaPlain) {
  map3<float, float, float, float>(
      d, a, b, c, [](float x, float y, float z) __attribute__((always_inline)) {
        return canonical(__builtin_fmaf(x, y, z));
      });
}

SLUICE_SIM_INLINE float before(float x, uint32_t options) {
  return (options & kFtz) != 0 ? flushed(x) : x;
}
SLUICE_SIM_INLINE float after(float x, uint32_t options) {
  x = (options & kFtz) != 0 ? flushed(x) : x;
  return (options & kSat) != 0 ? saturated(x) : x;
}

// All modifiers; `x`, `y`, `z` have been through `before`.
#define GENERAL(name, expression)                                              \
  SLUICE_SIM_LANES(name) {                                                     \
    uint32_t o = options;                                                      \
    auto f = [o](float x, [[maybe_unused]] float y, [[maybe_unused]] float z)  \
                 __attribute__((always_inline)) {                              \
                   [[maybe_unused]] Rounding rounding = roundingOf(o);         \
                   x = before(x, o);                                           \
                   y = before(y, o);                                           \
                   z = before(z, o);                                           \
                   return after(expression, o);                                \
                 };                                                            \
    map3<float, float, float, float>(d, a, b, c, f);                           \
  }
GENERAL(addGeneral, addF32(x, y, rounding))
GENERAL(subGeneral, addF32(x, -y, rounding))
GENERAL(mulGeneral, mulF32(x, y, rounding))
GENERAL(fmaGeneral, fmaF32(x, y, z, rounding))
/// fma.rm without modifiers, the first step of an exp; a rounding that is known
/// when this is compiled costs a third.
SLUICE_SIM_LANES(fmaDown) {
  map3<float, float, float, float>(
      d, a, b, c, [](float x, float y, float z) __attribute__((always_inline)) {
        return fmaF32(x, y, z, Rounding::Down);
      });
}
GENERAL(divGeneral, divF32(x, y, rounding))
GENERAL(rcpGeneral, divF32(1.0F, x, rounding))
GENERAL(sqrtGeneral, sqrtF32(x, rounding))
GENERAL(divApprox, divApproxF32(x, y, (o & kFtz) != 0, approximationSeed))
GENERAL(divFull, divFullF32(x, y, (o & kFtz) != 0, approximationSeed))

// Signs are bits: NaN keep theirs.
SLUICE_SIM_LANES(absolute) {
  uint32_t o = options;
  map1<uint32_t, float>(d, a, [o](float x) __attribute__((always_inline)) {
    return bitsOf32(before(x, o)) & 0x7fffffff;
  });
}
SLUICE_SIM_LANES(negated) {
  uint32_t o = options;
  map1<uint32_t, float>(d, a, [o](float x) __attribute__((always_inline)) {
    return bitsOf32(before(x, o)) ^ 0x80000000;
  });
}
/// d = |b| with the sign of a.
SLUICE_SIM_LANES(copySign) {
  map2<uint32_t, uint32_t>(d, a, b, [](uint32_t x, uint32_t y) {
    return (x & 0x80000000) | (y & 0x7fffffff);
  });
}

#define MIN_MAX(name, isMax)                                                   \
  SLUICE_SIM_LANES(name) {                                                     \
    bool nan = (options & kNan) != 0;                                          \
    bool sign = (options & kXorSign) != 0;                                     \
    bool ftz = (options & kFtz) != 0;                                          \
    map2<uint32_t, uint32_t>(                                                  \
        d, a, b, [=](uint32_t x, uint32_t y) __attribute__((always_inline)) {  \
          return minMax<kF32, isMax>(x, y, nan, sign, ftz);                    \
        });                                                                    \
  }
MIN_MAX(minimum, false)
MIN_MAX(maximum, true)
#define PLAIN_MIN_MAX(name, isMax)                                             \
  SLUICE_SIM_LANES(name) {                                                     \
    map2<uint32_t, uint32_t>(                                                  \
        d, a, b, [](uint32_t x, uint32_t y) __attribute__((always_inline)) {   \
          return minMax<kF32, isMax>(x, y, false, false, false);               \
        });                                                                    \
  }
PLAIN_MIN_MAX(minimumPlain, false)
PLAIN_MIN_MAX(maximumPlain, true)

#define APPROXIMATION(f)                                                       \
  SLUICE_SIM_LANES(approximate##f) {                                           \
    bool ftz = (options & kFtz) != 0;                                          \
    map1<float, float>(d, a, [ftz](float x) {                                  \
      return approximateF32(Approximation::f, x, ftz, approximationSeed);      \
    });                                                                        \
  }
APPROXIMATION(Sin)
APPROXIMATION(Cos)
APPROXIMATION(Tanh)

/// The two f32 halves of 64-bit registers, as 64 floats in a row.
#define PAIR(name, expression)                                                 \
  SLUICE_SIM_LANES(name) {                                                     \
    uint32_t o = options;                                                      \
    Rounding rounding = roundingOf(o);                                         \
    auto *to = static_cast<float *>(d);                                        \
    const auto *p = static_cast<const float *>(a);                             \
    const auto *q = static_cast<const float *>(b);                             \
    [[maybe_unused]] const auto *r = static_cast<const float *>(c);            \
    for (int i = 0; i < 64; ++i) {                                             \
      float x = before(p[i], o);                                               \
      float y = before(q[i], o);                                               \
      to[i] = after(expression, o);                                            \
    }                                                                          \
  }
PAIR(addPairs, addF32(x, y, rounding))
PAIR(subPairs, addF32(x, -y, rounding))
PAIR(mulPairs, mulF32(x, y, rounding))
PAIR(fmaPairs, fmaF32(x, y, before(r[i], o), rounding))

} // namespace

bool bindFloat1F32(Binder &b) {
  std::string_view name = b.name();
  LanesOp *op = name == "abs"   ? absolute
                : name == "neg" ? negated
                : name == "rcp" ? rcpGeneral
                                : sqrtGeneral;
  return useLanes(b, op, 32, floatOptions(b));
}

bool bindFloat2F32(Binder &b) {
  std::string_view name = b.name();
  uint32_t options = floatOptions(b);
  LanesOp *op = nullptr;
  if (name == "copysign")
    op = copySign;
  else if (name == "div")
    op = b.has("approx") ? divApprox
         : b.has("full") ? divFull
         : options == 0  ? divPlain
                         : divGeneral;
  else if (name == "add")
    op = options == 0 ? addPlain : addGeneral;
  else if (name == "sub")
    op = options == 0 ? subPlain : subGeneral;
  else
    op = options == 0 ? mulPlain : mulGeneral;
  return useLanes(b, op, 32, options);
}

bool bindFloat3F32(Binder &b) {
  uint32_t options = floatOptions(b);
  constexpr auto down = static_cast<uint32_t>(Rounding::Down);
  return useLanes(b,
                  options == 0      ? fmaPlain
                  : options == down ? fmaDown
                                    : fmaGeneral,
                  32, options);
}

bool bindMinMaxF32(Binder &b) {
  if (b.has("xorsign") != b.has("abs"))
    return b.fail("expected .xorsign.abs together");
  uint32_t options = floatOptions(b);
  bool min = b.name() == "min";
  if (options == 0)
    return useLanes(b, min ? minimumPlain : maximumPlain, 32);
  return useLanes(b, min ? minimum : maximum, 32, options);
}

bool bindApproximate(Binder &b) {
  std::string_view name = b.name();
  bool ftz = b.has("ftz");
  if (name == "sin" || name == "cos" || name == "tanh")
    return useLanes(b,
                    name == "sin"   ? approximateSin
                    : name == "cos" ? approximateCos
                                    : approximateTanh,
                    32, floatOptions(b));
  Approximation f = name == "ex2"     ? Approximation::Ex2
                    : name == "lg2"   ? Approximation::Lg2
                    : name == "rcp"   ? Approximation::Rcp
                    : name == "rsqrt" ? Approximation::Rsqrt
                                      : Approximation::Sqrt;
  return useLanes(b, approximateLanes(f, ftz), 32);
}

bool bindFloatPair(Binder &b) {
  std::string_view name = b.name();
  return useLanes(b,
                  name == "add"   ? addPairs
                  : name == "sub" ? subPairs
                  : name == "mul" ? mulPairs
                                  : fmaPairs,
                  64, floatOptions(b));
}

} // namespace sluice::sim
