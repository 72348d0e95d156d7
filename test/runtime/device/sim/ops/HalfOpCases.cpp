#include "test/runtime/device/sim/ops/OpCase.h"

namespace sluice::sim {
namespace {

// f16 and bf16 by way of double, which holds their sums, products and fused
// sums exactly (but for bf16's fused ones, which are far apart or few).

struct Format {
  const char *name;
  int exponentBits, mantissaBits;
  char single, packed; // result kinds
  double value(uint16_t bits) const {
    int exponent = bits >> mantissaBits & ((1 << exponentBits) - 1);
    int mantissa = bits & ((1 << mantissaBits) - 1);
    int bias = (1 << (exponentBits - 1)) - 1;
    double sign = (bits & 0x8000) != 0 ? -1 : 1;
    if (exponent == (1 << exponentBits) - 1)
      return mantissa != 0 ? NAN : sign * INFINITY;
    if (exponent == 0)
      return sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
    return sign * std::ldexp(mantissa + (1 << mantissaBits),
                             exponent - bias - mantissaBits);
  }
  /// To nearest even.
  uint16_t bits(double x) const {
    auto sign = static_cast<uint16_t>(std::signbit(x) ? 0x8000 : 0);
    uint16_t infinity = ((1 << exponentBits) - 1) << mantissaBits;
    if (std::isnan(x))
      return 0x7fff;
    x = std::fabs(x);
    int bias = (1 << (exponentBits - 1)) - 1;
    if (std::isinf(x))
      return sign | infinity;
    int exponent = x == 0 ? 1 - bias : std::max(std::ilogb(x), 1 - bias);
    double scaled = std::nearbyint(std::ldexp(x, mantissaBits - exponent));
    auto whole = static_cast<int64_t>(scaled);
    // Carries run into the exponent.
    int64_t result =
        whole + (static_cast<int64_t>(exponent + bias - 1) << mantissaBits);
    return sign | static_cast<uint16_t>(std::min<int64_t>(result, infinity));
  }
};
const Format kFormats[] = {{"f16", 5, 10, 'x', 'y'}, {"bf16", 8, 7, 'b', 'c'}};

using Function = std::function<uint16_t(uint16_t, uint16_t, uint16_t)>;

Expect single(Function f) {
  return [f](uint64_t a, uint64_t b, uint64_t c) {
    return uint64_t{f(static_cast<uint16_t>(a), static_cast<uint16_t>(b),
                      static_cast<uint16_t>(c))};
  };
}
Expect packed(Function f) {
  return [f](uint64_t a, uint64_t b, uint64_t c) {
    auto half = [f](uint64_t x, uint64_t y, uint64_t z) {
      return uint64_t{f(static_cast<uint16_t>(x), static_cast<uint16_t>(y),
                        static_cast<uint16_t>(z))};
    };
    return half(a, b, c) | half(a >> 16, b >> 16, c >> 16) << 16;
  };
}

double fused(double a, double b, double c) {
  // Round to odd, so that the last rounding is as if it were the only one.
  long double exact = static_cast<long double>(a) * b;
  long double sum = exact + c;
  if (std::isnan(sum) || std::isinf(sum) || std::isinf(exact))
    return static_cast<double>(sum);
  auto near = static_cast<double>(sum);
  long double rest = (exact - sum) + c;
  long double error = (sum - near) + rest;
  if (error != 0 && (toBits(near) & 1) == 0)
    near = std::nextafter(near, error > 0 ? INFINITY : -INFINITY);
  return near;
}

void addFormat(std::vector<OpCase> &cases, const Format &f) {
  auto add = [&](const std::string &name, int count, Function function) {
    for (bool pair : {false, true}) {
      std::string reg = pair ? "%r" : "%rs";
      std::string text = name + "." + f.name + (pair ? "x2 " : " ") + reg + "0";
      for (int i = 1; i <= count; ++i)
        text += ", " + reg + std::to_string(i);
      cases.push_back({text + ";", pair ? f.packed : f.single,
                       f.exponentBits == 5 ? 'x' : 'b',
                       pair ? packed(function) : single(function)});
    }
  };
  bool isF16 = f.exponentBits == 5;
  auto flush = [f](uint16_t x) {
    return static_cast<uint16_t>(
        (x & 0x7fff) < (1 << f.mantissaBits) ? x & 0x8000 : x);
  };
  auto sat = [f](uint16_t x) {
    double v = f.value(x);
    return v > 0 ? f.bits(std::min(v, 1.0)) : uint16_t{0};
  };
  auto relu = [f](uint16_t x) {
    return std::isnan(f.value(x)) || f.value(x) > 0 ? x : uint16_t{0};
  };
  struct Row {
    const char *name;
    double (*f)(double, double, double);
    int count;
  };
  const Row rows[] = {
      {"add", [](double a, double b, double) { return a + b; }, 2},
      {"sub", [](double a, double b, double) { return a - b; }, 2},
      {"mul", [](double a, double b, double) { return a * b; }, 2},
      {"fma.rn", fused, 3}};
  for (const Row &row : rows) {
    auto g = row.f;
    Function plain = [=](uint16_t a, uint16_t b, uint16_t c) {
      return f.bits(g(f.value(a), f.value(b), f.value(c)));
    };
    add(row.name, row.count, plain);
    if (isF16) {
      add(std::string(row.name) + ".ftz", row.count,
          [=](uint16_t a, uint16_t b, uint16_t c) {
            return flush(plain(flush(a), flush(b), flush(c)));
          });
      add(std::string(row.name) + ".sat", row.count,
          [=](uint16_t a, uint16_t b, uint16_t c) {
            return sat(plain(a, b, c));
          });
    }
    if (row.count == 3)
      add(std::string(row.name) + ".relu", 3,
          [=](uint16_t a, uint16_t b, uint16_t c) {
            return relu(plain(a, b, c));
          });
  }
  add("neg", 1, [](uint16_t a, uint16_t, uint16_t) { return a ^ 0x8000; });
  add("abs", 1, [](uint16_t a, uint16_t, uint16_t) { return a & 0x7fff; });
  for (bool most : {false, true})
    for (bool nan : {false, true})
      for (bool sign : {false, true})
        add(std::string(most ? "max" : "min") + (nan ? ".NaN" : "") +
                (sign ? ".xorsign.abs" : ""),
            2, [=](uint16_t a, uint16_t b, uint16_t) {
              auto negative =
                  static_cast<uint16_t>(sign ? (a ^ b) & 0x8000 : 0);
              if (sign) {
                a &= 0x7fff;
                b &= 0x7fff;
              }
              bool aNan = std::isnan(f.value(a));
              bool bNan = std::isnan(f.value(b));
              if (aNan || bNan) {
                if (nan || (aNan && bNan))
                  return uint16_t{0x7fff};
                return static_cast<uint16_t>((aNan ? b : a) | negative);
              }
              double x = f.value(a);
              double y = f.value(b);
              bool less = x < y || (x == y && (a & 0x8000) > (b & 0x8000));
              return static_cast<uint16_t>((less != most ? a : b) | negative);
            });
}

/// Within `bound`, absolute or relative: the result is 1 where it is.
std::string within(const std::string &op, const std::string &type, float bound,
                   bool relative, const char *reference) {
  std::string wide = type == "f16" ? "cvt.f32.f16" : "cvt.f32.bf16";
  return wide + " %f4, %rs1;\n  " + op + " %rs4, %rs1;\n  " + wide +
         " %f5, %rs4;\n  " + reference +
         " %f6, %f4;\n  sub.f32 %f7, %f5, %f6;\n"
         "  abs.f32 %f7, %f7;\n  abs.f32 %f6, %f6;\n  " +
         (relative ? "mul.f32 %f6, %f6, " : "mov.f32 %f6, ") + ([&] {
           char text[16];
           std::snprintf(text, sizeof text, "0f%08x",
                         static_cast<unsigned>(toBits(bound)));
           return std::string(text);
         })() +
         ";\n  setp.gtu.f32 %p4, %f7, %f6;\n  abs.f32 %f4, %f4;\n"
         "  setp.lt.f32 %p5, %f4, 0f41000000;\n  and.pred %p0, %p4, %p5;";
}

} // namespace

std::vector<OpCase> halfOpCases() {
  std::vector<OpCase> cases;
  for (const Format &format : kFormats)
    addFormat(cases, format);
  // Approximate functions: no argument of magnitude below 8 is out of bounds,
  // against the f32 function, whose own error is far smaller.
  auto none = [](uint64_t, uint64_t, uint64_t) { return uint64_t{0}; };
  cases.push_back(
      {within("tanh.approx.f16", "f16", 0x1p-10F, false, "tanh.approx.f32"),
       'p', 'x', none});
  cases.push_back(
      {within("tanh.approx.bf16", "bf16", 0x1.2p-8F, false, "tanh.approx.f32"),
       'p', 'b', none});
  cases.push_back(
      {within("ex2.approx.f16", "f16", 0x1p-9F, true, "ex2.approx.f32"), 'p',
       'x', none});
  cases.push_back(
      {within("ex2.approx.ftz.bf16", "bf16", 0x1p-7F, true, "ex2.approx.f32"),
       'p', 'b', none});
  // The packed ones are the single ones, twice.
  struct Row {
    const char *packed, *single;
    char inputs;
  };
  for (const Row &row : {Row{"tanh.approx.f16x2", "tanh.approx.f16", 'x'},
                         {"tanh.approx.bf16x2", "tanh.approx.bf16", 'b'},
                         {"ex2.approx.f16x2", "ex2.approx.f16", 'x'},
                         {"ex2.approx.ftz.bf16x2", "ex2.approx.ftz.bf16", 'b'}})
    cases.push_back({std::string("mov.b32 {%rs4, %rs5}, %r1;\n  ") +
                         row.single + " %rs4, %rs4;\n  " + row.single +
                         " %rs5, %rs5;\n  mov.b32 %r4, {%rs4, %rs5};\n  " +
                         row.packed + " %r5, %r1;\n  xor.b32 %r0, %r4, %r5;",
                     'w', row.inputs, none});
  return cases;
}

} // namespace sluice::sim
