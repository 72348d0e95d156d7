#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Float.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/numerics/Approximate.h"
#include "runtime/device/sim/numerics/Arithmetic64.h"
#include "runtime/device/sim/numerics/MinMax.h"

#include <cmath>

namespace sluice::sim {
namespace {

#define DOUBLES(name, expression)                                              \
  SLUICE_SIM_LANES(name) {                                                     \
    [[maybe_unused]] Rounding r = roundingOf(options);                         \
    map3<double, double, double, double>(                                      \
        d, a, b, c,                                                            \
        [r](double x, [[maybe_unused]] double y, [[maybe_unused]] double z) {  \
          (void)r;                                                             \
          return expression;                                                   \
        });                                                                    \
  }
DOUBLES(addPlain, x + y)
DOUBLES(subPlain, x - y)
DOUBLES(mulPlain, x *y)
DOUBLES(addGeneral, addF64(x, y, r))
DOUBLES(subGeneral, addF64(x, -y, r))
DOUBLES(mulGeneral, mulF64(x, y, r))
DOUBLES(fmaGeneral, fmaF64(x, y, z, r))
DOUBLES(divGeneral, divF64(x, y, r))
DOUBLES(rcpGeneral, divF64(1.0, x, r))
DOUBLES(sqrtGeneral, sqrtF64(x, r))
DOUBLES(rcpApprox, rcpApproxFtzF64(x))
DOUBLES(rsqrtApprox, rsqrtApproxF64(x))
DOUBLES(rsqrtApproxFtz, rsqrtApproxFtzF64(x))

constexpr uint64_t kSign = uint64_t{1} << 63;
SLUICE_SIM_LANES(absolute) {
  map1<uint64_t, uint64_t>(d, a, [](uint64_t x) { return x & ~kSign; });
}
SLUICE_SIM_LANES(negated) {
  map1<uint64_t, uint64_t>(d, a, [](uint64_t x) { return x ^ kSign; });
}
SLUICE_SIM_LANES(copySign) {
  map2<uint64_t, uint64_t>(d, a, b, [](uint64_t x, uint64_t y) {
    return (x & kSign) | (y & ~kSign);
  });
}
SLUICE_SIM_LANES(minimum) {
  map2<uint64_t, uint64_t>(d, a, b, [](uint64_t x, uint64_t y) {
    return minMax<kF64, false>(x, y, false, false, false);
  });
}
SLUICE_SIM_LANES(maximum) {
  map2<uint64_t, uint64_t>(d, a, b, [](uint64_t x, uint64_t y) {
    return minMax<kF64, true>(x, y, false, false, false);
  });
}

bool isF64(const Binder &b) { return b.type() == Type::F64; }

enum Property : uint32_t {
  Finite,
  Infinite,
  Number,
  NotANumber,
  Normal,
  Subnormal,
};

template <typename T> bool holds(Property property, T x) {
  int kind = std::fpclassify(x);
  switch (property) {
  case Finite:
    return kind != FP_INFINITE && kind != FP_NAN;
  case Infinite:
    return kind == FP_INFINITE;
  case Number:
    return kind != FP_NAN;
  case NotANumber:
    return kind == FP_NAN;
  case Normal:
    return kind == FP_NORMAL;
  case Subnormal:
    return kind == FP_SUBNORMAL;
  }
  return false;
}

template <typename T>
void runTest(Warp &w, const Instruction &i, LaneMask mask) {
  LaneMask result = 0;
  for (int lane = 0; lane < kWarpLanes; ++lane)
    if (holds(static_cast<Property>(i.options), w.lanes<T>(i.a)[lane]))
      result |= LaneMask{1} << lane;
  w.setPredicate(i.p, result, mask);
}

} // namespace

bool bindFloat1(Binder &b) {
  if (!isF64(b))
    return bindFloat1F32(b);
  std::string_view name = b.name();
  bool ftz = b.has("ftz");
  bool approximate = b.has("approx");
  LanesOp *op = name == "abs"     ? absolute
                : name == "neg"   ? negated
                : name == "rsqrt" ? (ftz ? rsqrtApproxFtz : rsqrtApprox)
                : name == "rcp"   ? (approximate ? rcpApprox : rcpGeneral)
                                  : sqrtGeneral;
  return useLanes(b, op, 64, floatOptions(b));
}

bool bindFloat2(Binder &b) {
  if (!isF64(b))
    return bindFloat2F32(b);
  std::string_view name = b.name();
  uint32_t options = floatOptions(b);
  bool plain = options == 0;
  LanesOp *op = name == "copysign" ? copySign
                : name == "add"    ? (plain ? addPlain : addGeneral)
                : name == "sub"    ? (plain ? subPlain : subGeneral)
                : name == "mul"    ? (plain ? mulPlain : mulGeneral)
                                   : divGeneral;
  return useLanes(b, op, 64, options);
}

bool bindFloat3(Binder &b) {
  return isF64(b) ? useLanes(b, fmaGeneral, 64, floatOptions(b))
                  : bindFloat3F32(b);
}

bool bindMinMax(Binder &b) {
  return isF64(b) ? useLanes(b, b.name() == "min" ? minimum : maximum, 64)
                  : bindMinMaxF32(b);
}

bool bindTestP(Binder &b) {
  constexpr std::string_view names[] = {"finite",     "infinite", "number",
                                        "notanumber", "normal",   "subnormal"};
  for (uint32_t i = 0; i < 6; ++i)
    if (b.has(names[i]))
      b.out.options = i;
  b.use(isF64(b) ? &runTest<double> : &runTest<float>);
  return true;
}

} // namespace sluice::sim
