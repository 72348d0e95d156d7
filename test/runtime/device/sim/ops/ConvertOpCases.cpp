#include "test/runtime/device/sim/numerics/NearestSearch.h"
#include "test/runtime/device/sim/ops/OpCase.h"

#include <algorithm>
#include <cfenv>

namespace sluice::sim {
namespace {

using s128 = __int128;

struct IntegerType {
  const char *name;
  const char *reg;
  char result;
  int bits;
  bool sign;
  s128 value(uint64_t x) const {
    if (bits < 64)
      x &= (uint64_t{1} << bits) - 1;
    if (sign && (x >> (bits - 1) & 1) != 0)
      return s128(x) - (s128(1) << bits);
    return s128(x);
  }
  s128 least() const { return sign ? -(s128(1) << (bits - 1)) : 0; }
  s128 most() const { return (s128(1) << (sign ? bits - 1 : bits)) - 1; }
  /// Extended to the register.
  uint64_t bitsOf(s128 x) const {
    return static_cast<uint64_t>(value(static_cast<uint64_t>(x)));
  }
};
const IntegerType kIntegers[] = {
    {"u8", "%rs", 'h', 8, false},   {"s8", "%rs", 'h', 8, true},
    {"u16", "%rs", 'h', 16, false}, {"s16", "%rs", 'h', 16, true},
    {"u32", "%r", 'w', 32, false},  {"s32", "%r", 'w', 32, true},
    {"u64", "%rd", 'l', 64, false}, {"s64", "%rd", 'l', 64, true}};

struct Mode {
  const char *name;
  int host;
};
const Mode kModes[] = {{"n", FE_TONEAREST},
                       {"z", FE_TOWARDZERO},
                       {"m", FE_DOWNWARD},
                       {"p", FE_UPWARD}};

template <typename F> auto inMode(int mode, F f) {
  std::fesetround(mode);
  auto result = f();
  std::fesetround(FE_TONEAREST);
  return result;
}

void addIntegers(std::vector<OpCase> &cases) {
  for (const IntegerType &to : kIntegers)
    for (const IntegerType &from : kIntegers) {
      std::string types = std::string(to.name) + "." + from.name + " " +
                          to.reg + "0, " + from.reg + "1;";
      cases.push_back(
          {"cvt." + types, to.result, 'i', [=](uint64_t a, uint64_t, uint64_t) {
             return to.bitsOf(from.value(a));
           }});
      // ptxas refuses .sat where nothing can be out of range.
      if (from.least() >= to.least() && from.most() <= to.most())
        continue;
      cases.push_back({"cvt.sat." + types, to.result, 'i',
                       [=](uint64_t a, uint64_t, uint64_t) {
                         return to.bitsOf(
                             std::clamp(from.value(a), to.least(), to.most()));
                       }});
    }
}

/// What PTX makes of a float: NaN is 0 (or for 64 and 32 bits what the table
/// says), beyond the range is clamped.
uint64_t integerOf(const IntegerType &to, double x, int mode) {
  if (std::isnan(x))
    return 0;
  double whole = inMode(mode, [x] {
    volatile double y = x;
    return std::nearbyint(y);
  });
  if (whole <= static_cast<double>(to.least()))
    return to.bitsOf(to.least());
  if (whole >= std::ldexp(1.0, to.sign ? to.bits - 1 : to.bits))
    return to.bitsOf(to.most());
  return to.bitsOf(static_cast<s128>(whole));
}

void addFloatsAndIntegers(std::vector<OpCase> &cases) {
  for (const IntegerType &type : kIntegers)
    for (const Mode &mode : kModes) {
      int host = mode.host;
      std::string m = mode.name;
      if (type.bits >= 16) {
        cases.push_back(
            {"cvt.r" + m + "i." + type.name + ".f32 " + type.reg + "0, %f1;",
             type.result, 'f', [=](uint64_t a, uint64_t, uint64_t) {
               auto x = fromBits<float>(a);
               // NaN: checked below, where PTX says what it is.
               return integerOf(type, std::isnan(x) ? 0 : x, host);
             }});
        cases.back().text = "testp.number.f32 %p4, %f1;\n"
                            "  selp.f32 %f1, %f1, 0f00000000, %p4;\n  " +
                            cases.back().text;
      }
      cases.push_back(
          {"cvt.r" + m + ".f32." + type.name + " %f0, " + type.reg + "1;", 'f',
           'i', [=](uint64_t a, uint64_t, uint64_t) {
             volatile s128 x = type.value(a);
             if (x == 0) // the host's way may give -0
               return uint64_t{0};
             return toBits(inMode(host, [&] {
               return type.sign ? static_cast<float>(static_cast<int64_t>(x))
                                : static_cast<float>(static_cast<uint64_t>(x));
             }));
           }});
      if (type.bits >= 32)
        cases.push_back(
            {"cvt.r" + m + ".f64." + type.name + " %fd0, " + type.reg + "1;",
             'd', 'i', [=](uint64_t a, uint64_t, uint64_t) {
               volatile s128 x = type.value(a);
               if (x == 0)
                 return uint64_t{0};
               return toBits(inMode(host, [&] {
                 return type.sign
                            ? static_cast<double>(static_cast<int64_t>(x))
                            : static_cast<double>(static_cast<uint64_t>(x));
               }));
             }});
    }
}

void addFloats(std::vector<OpCase> &cases) {
  for (const Mode &mode : kModes) {
    int host = mode.host;
    std::string m = mode.name;
    cases.push_back({"cvt.r" + m + ".f32.f64 %f0, %fd1;", 'f', 'd',
                     on<double>([=](double a) {
                       volatile double x = a;
                       return inMode(host,
                                     [&] { return static_cast<float>(x); });
                     })});
    cases.push_back(
        {"cvt.r" + m + "i.f32.f32 %f0, %f1;", 'f', 'f', on<float>([=](float a) {
           volatile float x = a;
           return inMode(host, [&] { return std::nearbyint(x); });
         })});
    cases.push_back({"cvt.r" + m + "i.f64.f64 %fd0, %fd1;", 'd', 'd',
                     on<double>([=](double a) {
                       volatile double x = a;
                       return inMode(host, [&] { return std::nearbyint(x); });
                     })});
  }
  cases.push_back({"cvt.f64.f32 %fd0, %f1;", 'd', 'f',
                   on<float>([](float a) { return static_cast<double>(a); })});
  cases.push_back(
      {"cvt.sat.f32.f32 %f0, %f1;", 'f', 'f',
       on<float>([](float a) { return a > 0 ? std::min(a, 1.0F) : 0.0F; })});
  cases.push_back(
      {"cvt.f32.f16 %f0, %rs1;", 'f', 'x', [](uint64_t a, uint64_t, uint64_t) {
         return toBits(static_cast<float>(fromBits<_Float16>(a & 0xffff)));
       }});
  cases.push_back(
      {"cvt.f32.bf16 %f0, %rs1;", 'f', 'b',
       [](uint64_t a, uint64_t, uint64_t) { return (a & 0xffff) << 16; }});
}

/// `format` from f32, by search.
uint64_t narrow(const FloatFormat &format, uint64_t bits, Rounding rounding,
                bool saturate, bool relu) {
  const test::NearestSearch search(format);
  auto x = fromBits<float>(bits);
  if (std::isnan(x))
    return format.nan != 0 ? format.nan : format.maxFinite;
  if (relu && !(x > 0))
    return 0;
  if (std::isinf(x) && !saturate)
    return (std::signbit(x) ? format.signBit() : 0) | format.infinity();
  return search.code(x, rounding, saturate);
}

struct Narrow {
  const char *name;
  const FloatFormat *format;
};

void addHalves(std::vector<OpCase> &cases) {
  for (const Narrow &type : {Narrow{"f16", &kF16}, {"bf16", &kBf16}})
    for (bool zero : {false, true})
      for (bool relu : {false, true})
        for (bool saturate : {false, true}) {
          const FloatFormat &format = *type.format;
          Rounding rounding = zero ? Rounding::Zero : Rounding::Nearest;
          std::string words = std::string(zero ? ".rz" : ".rn") +
                              (relu ? ".relu" : "") +
                              (saturate ? ".satfinite" : "") + "." + type.name;
          auto one = [=, &format](uint64_t bits) {
            return narrow(format, bits, rounding, saturate, relu);
          };
          char kind = format.exponentBits == 5 ? 'x' : 'b';
          cases.push_back(
              {"cvt" + words + ".f32 %rs0, %f1;", kind, 'f',
               [=](uint64_t a, uint64_t, uint64_t) { return one(a); }});
          cases.push_back({"cvt" + words + "x2.f32 %r0, %f1, %f2;",
                           kind == 'x' ? 'y' : 'c', 'f',
                           [=](uint64_t a, uint64_t b, uint64_t) {
                             return one(a) << 16 | one(b);
                           }});
        }
  for (const char *words : {".rna", ".rn", ".rz"}) {
    std::string w = words;
    Rounding rounding = w == ".rna"  ? Rounding::NearestAway
                        : w == ".rn" ? Rounding::Nearest
                                     : Rounding::Zero;
    // Finite values: in units of the tenth fraction bit.
    cases.push_back({"cvt" + w +
                         ".tf32.f32 %r4, %f1;\n  mov.b32 %f4, %r4;\n"
                         "  testp.finite.f32 %p4, %f1;\n"
                         "  selp.f32 %f0, %f4, 0f00000000, %p4;",
                     'f', 'f', [=](uint64_t a, uint64_t, uint64_t) {
                       auto bits = static_cast<uint32_t>(a);
                       if (!std::isfinite(fromBits<float>(a)))
                         return uint64_t{0};
                       uint32_t rest = bits & 0x1fff;
                       uint32_t kept = bits & ~uint32_t{0x1fff};
                       bool odd = (bits >> 13 & 1) != 0;
                       bool up = rounding != Rounding::Zero &&
                                 (rest > 0x1000 ||
                                  (rest == 0x1000 &&
                                   (odd || rounding == Rounding::NearestAway)));
                       return uint64_t{kept + (up ? 0x2000 : 0)};
                     }});
  }
}

void addNarrow(std::vector<OpCase> &cases) {
  const Narrow narrows[] = {{"e4m3x2", &kE4m3},
                            {"e5m2x2", &kE5m2},
                            {"e2m3x2", &kE2m3},
                            {"e3m2x2", &kE3m2}};
  for (const Narrow &type : narrows) {
    const FloatFormat &format = *type.format;
    std::string target = format.bits() == 8 ? "sm_90" : "sm_100a";
    for (bool relu : {false, true}) {
      auto one = [=, &format](uint64_t bits) {
        return narrow(format, bits, Rounding::Nearest, true, relu);
      };
      std::string words = std::string(relu ? ".relu." : ".") + type.name;
      cases.push_back({"cvt.rn.satfinite" + words + ".f32 %rs0, %f1, %f2;", 'h',
                       'f',
                       [=](uint64_t a, uint64_t b, uint64_t) {
                         return one(a) << 8 | one(b);
                       },
                       target});
      if (format.bits() == 8)
        cases.push_back(
            {"cvt.rn.satfinite" + words + ".f16x2 %rs0, %r1;", 'h', 'x',
             [=](uint64_t a, uint64_t, uint64_t) {
               auto half = [&](uint64_t x) {
                 return one(toBits(
                     static_cast<float>(fromBits<_Float16>(x & 0xffff))));
               };
               return half(a >> 16) << 8 | half(a);
             },
             target});
    }
    // Widened exactly: compared with the textbook value in f32.
    const uint64_t sign = format.signBit();
    uint64_t mask = format.bits() == 8 ? 0xff : 0x3f;
    const test::NearestSearch search(format);
    const std::vector<double> &values = search.positive();
    cases.push_back({"and.b16 %rs4, %rs1, " + std::to_string(mask | mask << 8) +
                         ";\n  cvt.rn.f16x2." + type.name + " %r0, %rs4;",
                     'y', 'i',
                     [=](uint64_t a, uint64_t, uint64_t) {
                       auto half = [&](uint64_t code) {
                         code &= mask;
                         uint64_t magnitude = code & (sign - 1);
                         auto x =
                             magnitude < values.size()
                                 ? static_cast<_Float16>(values[magnitude])
                             : format.hasInfinity && magnitude == values.size()
                                 ? static_cast<_Float16>(INFINITY)
                                 : static_cast<_Float16>(NAN);
                         uint64_t bits = toBits(x) & 0x7fff;
                         return bits | ((code & sign) != 0 ? 0x8000 : 0);
                       };
                       return half(a) | half(a >> 8) << 16;
                     },
                     target});
  }
  auto e2m1 = [](uint64_t bits) {
    return narrow(kE2m1, bits, Rounding::Nearest, true, false);
  };
  cases.push_back(
      {"{ .reg .b8 %t;\n  cvt.rn.satfinite.e2m1x2.f32 %t, %f1, %f2;\n"
       "  cvt.u16.u8 %rs0, %t; }",
       'h', 'f',
       [=](uint64_t a, uint64_t b, uint64_t) { return e2m1(a) << 4 | e2m1(b); },
       "sm_100a"});
  cases.push_back({"{ .reg .b8 %t;\n  cvt.u8.u16 %t, %rs1;\n"
                   "  cvt.rn.f16x2.e2m1x2 %r0, %t; }",
                   'y', 'i',
                   [](uint64_t a, uint64_t, uint64_t) {
                     const float values[] = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
                     auto half = [&](uint64_t code) {
                       auto x = static_cast<_Float16>(values[code & 7]);
                       return toBits(x) | ((code & 8) != 0 ? 0x8000 : 0);
                     };
                     return half(a) | half(a >> 4) << 16;
                   },
                   "sm_100a"});
}

/// A power of two from 2^-127 (0) to 2^127 (254); 255 is NaN.
uint64_t scaleOf(double x, bool up, bool saturate) {
  if (std::isnan(x))
    return 255;
  x = std::fabs(x);
  if (std::isinf(x))
    return saturate ? 254 : 255;
  if (x <= std::ldexp(1.0, -127))
    return 0;
  int exponent = std::ilogb(x);
  if (up && x != std::ldexp(1.0, exponent))
    ++exponent;
  return exponent > 127 ? (saturate ? 254 : 255)
                        : static_cast<uint64_t>(exponent + 127);
}

void addScales(std::vector<OpCase> &cases) {
  for (bool up : {false, true})
    for (bool saturate : {false, true}) {
      std::string words = std::string(up ? ".rp" : ".rz") +
                          (saturate ? ".satfinite" : "") + ".ue8m0x2";
      cases.push_back({"cvt" + words + ".f32 %rs0, %f1, %f2;", 'h', 'f',
                       [=](uint64_t a, uint64_t b, uint64_t) {
                         return scaleOf(fromBits<float>(a), up, saturate) << 8 |
                                scaleOf(fromBits<float>(b), up, saturate);
                       },
                       "sm_100a"});
      cases.push_back({"cvt" + words + ".bf16x2 %rs0, %r1;", 'h', 'b',
                       [=](uint64_t a, uint64_t, uint64_t) {
                         auto half = [&](uint64_t x) {
                           return scaleOf(fromBits<float>((x & 0xffff) << 16),
                                          up, saturate);
                         };
                         return half(a >> 16) << 8 | half(a);
                       },
                       "sm_100a"});
    }
  cases.push_back(
      {"cvt.rn.bf16x2.ue8m0x2 %r0, %rs1;", 'c', 'i',
       [](uint64_t a, uint64_t, uint64_t) {
         auto half = [](uint64_t code) {
           code &= 255;
           // bf16 has the same exponents; 2^-127 is subnormal.
           return code == 255 ? 0x7fff : code == 0 ? 0x0040 : code << 7;
         };
         return half(a) | half(a >> 8) << 16;
       },
       "sm_100a"});
}

} // namespace

std::vector<OpCase> convertOpCases() {
  std::vector<OpCase> cases;
  addIntegers(cases);
  addFloatsAndIntegers(cases);
  addFloats(cases);
  addHalves(cases);
  addNarrow(cases);
  addScales(cases);
  auto clampTo = [](uint64_t x, int64_t low, int64_t high) {
    return static_cast<uint64_t>(
        std::clamp<int64_t>(static_cast<int32_t>(x), low, high));
  };
  cases.push_back({"cvt.pack.sat.s16.s32 %r0, %r1, %r2;", 'w', 'i',
                   [=](uint64_t a, uint64_t b, uint64_t) {
                     return clampTo(a, -32768, 32767) << 16 |
                            (clampTo(b, -32768, 32767) & 0xffff);
                   }});
  cases.push_back({"cvt.pack.sat.u8.s32.b32 %r0, %r1, %r2, %r3;", 'w', 'i',
                   [=](uint64_t a, uint64_t b, uint64_t c) {
                     return c << 16 | clampTo(a, 0, 255) << 8 |
                            clampTo(b, 0, 255);
                   }});
  return cases;
}

} // namespace sluice::sim
