#include "test/runtime/device/sim/ops/OpCase.h"

#include <cfenv>

namespace sluice::sim {
namespace {

/// f in the host's rounding mode `mode`; its arguments are volatile, so that
/// nothing is computed before.
template <typename T, typename F> T roundedBy(int mode, F f, T a, T b, T c) {
  volatile T x = a;
  volatile T y = b;
  volatile T z = c;
  std::fesetround(mode);
  volatile T result = f(x, y, z);
  std::fesetround(FE_TONEAREST);
  return result;
}

struct Mode {
  const char *name;
  int host;
};
const Mode kModes[] = {{".rn", FE_TONEAREST},
                       {".rz", FE_TOWARDZERO},
                       {".rm", FE_DOWNWARD},
                       {".rp", FE_UPWARD}};

float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0F, x) : x;
}
float saturate(float x) { return x > 0 ? std::min(x, 1.0F) : 0.0F; }

template <typename T> T add(T a, T b, T) { return a + b; }
template <typename T> T sub(T a, T b, T) { return a - b; }
template <typename T> T mul(T a, T b, T) { return a * b; }
template <typename T> T div(T a, T b, T) { return a / b; }
template <typename T> T rcp(T a, T, T) { return T(1) / a; }
template <typename T> T root(T a, T, T) { return std::sqrt(a); }
template <typename T> T fma(T a, T b, T c) { return std::fma(a, b, c); }

template <typename T> using Function = T(T, T, T);

std::string operandsOf(int count, const char *reg) {
  std::string text = std::string(reg) + "0";
  for (int i = 1; i <= count; ++i)
    text += std::string(", ") + reg + std::to_string(i);
  return text + ";";
}

void addRounded(std::vector<OpCase> &cases, const std::string &name, int count,
                Function<float> *f32, Function<double> *f64) {
  for (const Mode &mode : kModes) {
    int host = mode.host;
    cases.push_back({name + mode.name + ".f32 " + operandsOf(count, "%f"), 'f',
                     'f', on<float>([=](float a, float b, float c) {
                       return roundedBy<float>(host, f32, a, b, c);
                     })});
    cases.push_back({name + mode.name + ".f64 " + operandsOf(count, "%fd"), 'd',
                     'd', on<double>([=](double a, double b, double c) {
                       return roundedBy<double>(host, f64, a, b, c);
                     })});
    cases.push_back({name + mode.name + ".ftz.f32 " + operandsOf(count, "%f"),
                     'f', 'f', on<float>([=](float a, float b, float c) {
                       return flush(roundedBy<float>(host, f32, flush(a),
                                                     flush(b), flush(c)));
                     })});
  }
}

void addSaturated(std::vector<OpCase> &cases, const std::string &name,
                  int count, Function<float> *f) {
  cases.push_back({name + ".sat.f32 " + operandsOf(count, "%f"), 'f', 'f',
                   on<float>([=](float a, float b, float c) {
                     return saturate(f(a, b, c));
                   })});
  cases.push_back({name + ".ftz.sat.f32 " + operandsOf(count, "%f"), 'f', 'f',
                   on<float>([=](float a, float b, float c) {
                     return saturate(flush(f(flush(a), flush(b), flush(c))));
                   })});
}

/// -0 below +0; a NaN loses, or with `nan` wins.
template <typename T> T least(T a, T b, bool most, bool nan) {
  if (std::isnan(a) || std::isnan(b)) {
    if (nan || (std::isnan(a) && std::isnan(b)))
      return std::numeric_limits<T>::quiet_NaN();
    return std::isnan(a) ? b : a;
  }
  bool less = a < b || (a == b && std::signbit(a) && !std::signbit(b));
  return less != most ? a : b;
}

void addMinMax(std::vector<OpCase> &cases) {
  for (bool most : {false, true}) {
    std::string name = most ? "max" : "min";
    for (int bits = 0; bits < 8; ++bits) {
      bool nan = (bits & 1) != 0;
      bool ftz = (bits & 2) != 0;
      bool sign = (bits & 4) != 0;
      std::string modifiers = std::string(ftz ? ".ftz" : "") +
                              (nan ? ".NaN" : "") +
                              (sign ? ".xorsign.abs" : "");
      cases.push_back(
          {name + modifiers + ".f32 %f0, %f1, %f2;", 'f', 'f',
           on<float>([=](float a, float b) {
             if (ftz) {
               a = flush(a);
               b = flush(b);
             }
             if (!sign)
               return least(a, b, most, nan);
             float result = least(std::fabs(a), std::fabs(b), most, nan);
             bool negative = std::signbit(a) != std::signbit(b);
             return std::isnan(result)
                        ? result
                        : std::copysign(result, negative ? -1.0F : 1.0F);
           })});
    }
    cases.push_back({name + ".f64 %fd0, %fd1, %fd2;", 'd', 'd',
                     on<double>([=](double a, double b) {
                       return least(a, b, most, false);
                     })});
  }
}

void addApproximate(std::vector<OpCase> &cases) {
  struct Row {
    const char *name;
    double (*f)(double);
    double ulps;
  };
  const Row rows[] = {
      {"ex2.approx", [](double x) { return std::exp2(x); }, 3},
      {"rcp.approx", [](double x) { return 1 / x; }, 1},
      {"sqrt.approx", [](double x) { return std::sqrt(x); }, 1.5},
      {"rsqrt.approx", [](double x) { return 1 / std::sqrt(x); }, 2},
  };
  for (const Row &row : rows)
    for (bool ftz : {false, true}) {
      double (*f)(double) = row.f;
      cases.push_back(
          {std::string(row.name) + (ftz ? ".ftz" : "") + ".f32 %f0, %f1;", 'f',
           'f', on<float>([=](float a) {
             if (!ftz)
               return static_cast<float>(f(a));
             return flush(static_cast<float>(f(flush(a))));
           }),
           "sm_90", row.ulps});
    }
  // Absolute bounds: the results are moved away from zero by one.
  auto shifted = [&](const char *name, double (*f)(double),
                     const char *before) {
    cases.push_back({std::string(before) + name +
                         ".f32 %f4, %f5;\n  add.f32 %f0, %f4, 0f41800000;",
                     'f', 'f', on<float>([=](float a) {
                       float x = std::fmin(std::fmax(a, -6.0F), 6.0F);
                       return static_cast<float>(f(x) + 16);
                     }),
                     "sm_90", 2});
  };
  const char *clamp = "max.f32 %f5, %f1, 0fc0c00000;\n"
                      "  min.f32 %f5, %f5, 0f40c00000;\n  ";
  shifted("sin.approx", [](double x) { return std::sin(x); }, clamp);
  shifted("cos.approx.ftz", [](double x) { return std::cos(x); }, clamp);
  cases.push_back({"tanh.approx.f32 %f4, %f1;\n  add.f32 %f0, %f4, 0f41800000;",
                   'f', 'f', on<float>([](float a) {
                     return static_cast<float>(
                         std::tanh(static_cast<double>(a)) + 16);
                   }),
                   "sm_90", 512});
  cases.push_back({"abs.f32 %f4, %f1;\n  lg2.approx.f32 %f4, %f4;\n"
                   "  add.f32 %f0, %f4, 0f44800000;",
                   'f', 'f', on<float>([](float a) {
                     return static_cast<float>(
                         std::log2(std::fabs(static_cast<double>(a))) + 1024);
                   }),
                   "sm_90", 2});
  for (const char *kind : {".approx", ".full"})
    cases.push_back({std::string("or.b32 %r4, %r2, 0x3e000000;\n"
                                 "  and.b32 %r4, %r4, 0x3fffffff;\n"
                                 "  mov.b32 %f4, %r4;\n  div") +
                         kind + ".f32 %f0, %f1, %f4;",
                     'f', 'f',
                     [](uint64_t a, uint64_t b, uint64_t) {
                       auto y = fromBits<float>((b | 0x3e000000) & 0x3fffffff);
                       double q = static_cast<double>(fromBits<float>(a)) / y;
                       return toBits(static_cast<float>(q));
                     },
                     "sm_90", 3});
  cases.push_back(
      {"rcp.approx.ftz.f64 %fd0, %fd1;", 'd', 'd', on<double>([](double a) {
         return std::fpclassify(a) == FP_SUBNORMAL ? std::copysign(INFINITY, a)
                : std::fpclassify(1 / a) == FP_SUBNORMAL ? std::copysign(0.0, a)
                                                         : 1 / a;
       }),
       "sm_90", 0x1p-19});
  cases.push_back(
      {"abs.f64 %fd4, %fd1;\n  rsqrt.approx.f64 %fd0, %fd4;", 'd', 'd',
       on<double>([](double a) { return 1 / std::sqrt(std::fabs(a)); }),
       "sm_90", 0x1p-19});
  cases.push_back({"abs.f64 %fd4, %fd1;\n  rsqrt.approx.ftz.f64 %fd0, %fd4;",
                   'd', 'd', on<double>([](double a) {
                     a = std::fabs(a);
                     return std::fpclassify(a) == FP_SUBNORMAL
                                ? static_cast<double>(INFINITY)
                                : 1 / std::sqrt(a);
                   }),
                   "sm_90", 0x1p-19});
}

void addPairs(std::vector<OpCase> &cases) {
  struct Row {
    const char *name;
    int count;
    Function<float> *f;
  };
  for (const Row &row : {Row{"add.rn", 2, add<float>},
                         {"sub.rz", 2, sub<float>},
                         {"mul.rn", 2, mul<float>},
                         {"fma.rn", 3, fma<float>}}) {
    Function<float> *f = row.f;
    int mode =
        std::string(row.name).ends_with("rz") ? FE_TOWARDZERO : FE_TONEAREST;
    for (const char *half : {"%r0, %r5", "%r5, %r0"}) {
      bool high = std::string(half) == "%r5, %r0";
      // Both halves: of {a, b}, {b, c} and {c, a}.
      std::string text =
          "mov.b64 %rd4, {%r1, %r2};\n  mov.b64 %rd5, {%r2, %r3};\n"
          "  mov.b64 %rd6, {%r3, %r1};\n  " +
          std::string(row.name) + ".f32x2 %rd7, %rd4, %rd5" +
          (row.count == 3 ? ", %rd6;\n" : ";\n") + "  mov.b64 {" + half +
          "}, %rd7;\n  mov.b32 %f0, %r0;";
      cases.push_back({text, 'f', 'f',
                       on<float>([=](float a, float b, float c) {
                         return high ? roundedBy<float>(mode, f, b, c, a)
                                     : roundedBy<float>(mode, f, a, b, c);
                       }),
                       "sm_100a"});
    }
  }
}

} // namespace

std::vector<OpCase> floatOpCases() {
  std::vector<OpCase> cases;
  addRounded(cases, "add", 2, add<float>, add<double>);
  addRounded(cases, "sub", 2, sub<float>, sub<double>);
  addRounded(cases, "mul", 2, mul<float>, mul<double>);
  addRounded(cases, "fma", 3, fma<float>, fma<double>);
  addRounded(cases, "mad", 3, fma<float>, fma<double>);
  addRounded(cases, "div", 2, div<float>, div<double>);
  addRounded(cases, "rcp", 1, rcp<float>, rcp<double>);
  addRounded(cases, "sqrt", 1, root<float>, root<double>);
  cases.push_back({"add.f32 %f0, %f1, %f2;", 'f', 'f',
                   on<float>([](float a, float b) { return a + b; })});
  cases.push_back({"mul.f64 %fd0, %fd1, 0d4008000000000000;", 'd', 'd',
                   on<double>([](double a) { return a * 3; })});
  cases.push_back({"sub.f32 %f0, %f1, 0f3F800000;", 'f', 'f',
                   on<float>([](float a) { return a - 1; })});
  addSaturated(cases, "add", 2, add<float>);
  addSaturated(cases, "sub", 2, sub<float>);
  addSaturated(cases, "mul", 2, mul<float>);
  addSaturated(cases, "fma.rn", 3, fma<float>);
  addMinMax(cases);
  addApproximate(cases);
  addPairs(cases);
  auto bits32 = [&](const char *text, auto f) {
    cases.push_back({text, 'w', 'f', [f](uint64_t a, uint64_t b, uint64_t) {
                       return static_cast<uint64_t>(f(
                           static_cast<uint32_t>(a), static_cast<uint32_t>(b)));
                     }});
  };
  bits32("abs.f32 %f4, %f1;\n  mov.b32 %r0, %f4;",
         [](uint32_t a, uint32_t) { return a & 0x7fffffff; });
  bits32("neg.f32 %f4, %f1;\n  mov.b32 %r0, %f4;",
         [](uint32_t a, uint32_t) { return a ^ 0x80000000; });
  bits32("copysign.f32 %f4, %f1, %f2;\n  mov.b32 %r0, %f4;",
         [](uint32_t a, uint32_t b) {
           return (a & 0x80000000) | (b & 0x7fffffff);
         });
  cases.push_back({"abs.ftz.f32 %f0, %f1;", 'f', 'f',
                   on<float>([](float a) { return std::fabs(flush(a)); })});
  cases.push_back({"neg.ftz.f32 %f0, %f1;", 'f', 'f',
                   on<float>([](float a) { return -flush(a); })});
  cases.push_back({"abs.f64 %fd0, %fd1;", 'd', 'd',
                   on<double>([](double a) { return std::fabs(a); })});
  cases.push_back({"neg.f64 %fd0, %fd1;", 'd', 'd',
                   on<double>([](double a) { return -a; })});
  cases.push_back(
      {"copysign.f64 %fd0, %fd1, %fd2;", 'd', 'd',
       on<double>([](double a, double b) { return std::copysign(b, a); })});
  return cases;
}

} // namespace sluice::sim
