#include "test/runtime/device/sim/ops/OpCase.h"

#include <algorithm>

namespace sluice::sim {
namespace {

using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s16 = int16_t;
using s32 = int32_t;
using s64 = int64_t;
using s128 = __int128;
using u128 = unsigned __int128;

s32 clamped(s64 x) {
  return static_cast<s32>(std::clamp<s64>(x, INT32_MIN, INT32_MAX));
}

/// The forms of an opcode for all six types, from one function on integers of
/// twice the width and more.
template <typename F>
void addTyped(std::vector<OpCase> &cases, const std::string &name,
              const std::string &operands, F f, char inputs = 'i') {
  auto text = [&](const char *type, const char *reg) {
    std::string result = name + "." + type + " ";
    for (char c : operands)
      result += c == '%' ? std::string(reg) : std::string(1, c);
    return result + ";";
  };
  cases.push_back({text("u16", "%rs"), 'h', inputs, on<u16>(f)});
  cases.push_back({text("u32", "%r"), 'w', inputs, on<u32>(f)});
  cases.push_back({text("u64", "%rd"), 'l', inputs, on<u64>(f)});
  cases.push_back({text("s16", "%rs"), 'h', inputs, on<s16>(f)});
  cases.push_back({text("s32", "%r"), 'w', inputs, on<s32>(f)});
  cases.push_back({text("s64", "%rd"), 'l', inputs, on<s64>(f)});
}

/// 128-bit arithmetic, cut to the type of `a`.
template <typename F> auto wide(F f) {
  return [f](auto a, auto b) {
    return static_cast<decltype(a)>(f(s128(a), s128(b)));
  };
}
template <typename F> auto wide3(F f) {
  return [f](auto a, auto b, auto c) {
    return static_cast<decltype(a)>(f(s128(a), s128(b), s128(c)));
  };
}

template <typename T> T highOf(T a, T b) {
  // u64 products need all 128 bits.
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>((s128(a) * s128(b)) >> (sizeof(T) * 8));
  else
    return static_cast<T>((u128(a) * u128(b)) >> (sizeof(T) * 8));
}

s32 bits24(u32 x, bool sign) {
  x &= 0xffffff;
  return static_cast<s32>(sign && (x & 0x800000) != 0 ? x | 0xff000000 : x);
}

void addDotProducts(std::vector<OpCase> &cases) {
  for (int signs = 0; signs < 4; ++signs) {
    bool signedA = (signs & 1) != 0;
    bool signedB = (signs & 2) != 0;
    std::string types =
        std::string(signedA ? ".s32" : ".u32") + (signedB ? ".s32" : ".u32");
    auto part = [](u64 x, int width, int i, bool sign) {
      s64 value = static_cast<s64>(x >> (width * i)) & ((1 << width) - 1);
      return sign && value >= 1 << (width - 1) ? value - (1 << width) : value;
    };
    cases.push_back({"dp4a" + types + " %r0, %r1, %r2, %r3;", 'w', 'i',
                     [=](u64 a, u64 b, u64 c) {
                       u64 sum = c; // which wraps
                       for (int i = 0; i < 4; ++i)
                         sum += static_cast<u64>(part(a, 8, i, signedA) *
                                                 part(b, 8, i, signedB));
                       return sum;
                     }});
    for (int high = 0; high < 2; ++high)
      cases.push_back({std::string("dp2a.") + (high != 0 ? "hi" : "lo") +
                           types + " %r0, %r1, %r2, %r3;",
                       'w', 'i', [=](u64 a, u64 b, u64 c) {
                         u64 sum = c;
                         for (int i = 0; i < 2; ++i)
                           sum += static_cast<u64>(
                               part(a, 16, i, signedA) *
                               part(b, 8, i + 2 * high, signedB));
                         return sum;
                       }});
  }
}

void addCarries(std::vector<OpCase> &cases) {
  // 128-bit sums and differences in two steps, read back from both.
  auto whole = [](u64 a, u64 b) { return u128(b) << 64 | a; };
  auto low = [=](auto f) {
    return [=](u64 a, u64 b, u64 c) {
      return static_cast<u64>(f(whole(a, b), whole(c, a)));
    };
  };
  auto high = [=](auto f) {
    return [=](u64 a, u64 b, u64 c) {
      return static_cast<u64>(f(whole(a, b), whole(c, a)) >> 64);
    };
  };
  auto sum = [](u128 x, u128 y) { return x + y; };
  auto difference = [](u128 x, u128 y) { return x - y; };
  cases.push_back({"add.cc.u64 %rd0, %rd1, %rd3;", 'l', 'i', low(sum)});
  cases.push_back({"add.cc.u64 %rd4, %rd1, %rd3;\n  "
                   "addc.u64 %rd0, %rd2, %rd1;",
                   'l', 'i', high(sum)});
  cases.push_back({"sub.cc.s64 %rd4, %rd1, %rd3;\n  "
                   "subc.s64 %rd0, %rd2, %rd1;",
                   'l', 'i', high(difference)});
  cases.push_back({"sub.cc.u32 %r4, %r1, %r2;\n  subc.cc.u32 %r5, %r2, %r3;\n"
                   "  subc.u32 %r0, %r3, %r1;",
                   'w', 'i', [](u64 a, u64 b, u64 c) {
                     u32 x = static_cast<u32>(a);
                     u32 y = static_cast<u32>(b);
                     u32 z = static_cast<u32>(c);
                     u32 borrow = x < y ? 1 : 0;
                     borrow = u64(y) < u64(z) + borrow ? 1 : 0;
                     return u64(z - x - borrow);
                   }});
  cases.push_back({"add.cc.u32 %r4, %r1, %r2;\n  addc.cc.u32 %r5, %r2, %r3;\n"
                   "  addc.u32 %r0, %r3, %r1;",
                   'w', 'i', [](u64 a, u64 b, u64 c) {
                     u64 x = static_cast<u32>(a);
                     u64 y = static_cast<u32>(b);
                     u64 z = static_cast<u32>(c);
                     u64 carry = (x + y) >> 32;
                     carry = (y + z + carry) >> 32;
                     return z + x + carry;
                   }});
  // A 32 x 32 bit product added to 64 bits, by halves.
  cases.push_back({"mad.lo.cc.u32 %r4, %r1, %r2, %r3;\n  "
                   "madc.hi.u32 %r0, %r1, %r2, %r1;",
                   'w', 'i', [](u64 a, u64 b, u64 c) {
                     u64 x = static_cast<u32>(a);
                     u64 y = static_cast<u32>(b);
                     u64 z = static_cast<u32>(c);
                     return (x * y + (x << 32 | z)) >> 32;
                   }});
  cases.push_back({"add.cc.u32 %r4, %r1, %r2;\n  "
                   "madc.lo.u32 %r0, %r1, %r2, %r3;",
                   'w', 'i', [](u64 a, u64 b, u64 c) {
                     u64 x = static_cast<u32>(a);
                     u64 y = static_cast<u32>(b);
                     return x * y + c + ((x + y) >> 32);
                   }});
  cases.push_back({"mad.hi.cc.s32 %r4, %r1, %r2, %r3;\n  "
                   "addc.u32 %r0, 0, 0;",
                   'w', 'i', [](u64 a, u64 b, u64 c) {
                     u32 product = static_cast<u32>(
                         (s64(static_cast<s32>(a)) * static_cast<s32>(b)) >>
                         32);
                     return (u64(product) + static_cast<u32>(c)) >> 32;
                   }});
}

} // namespace

std::vector<OpCase> integerOpCases() {
  std::vector<OpCase> cases;
  addTyped(cases, "add", "%0, %1, %2",
           wide([](s128 a, s128 b) { return a + b; }));
  addTyped(cases, "sub", "%0, %1, %2",
           wide([](s128 a, s128 b) { return a - b; }));
  addTyped(cases, "mul.lo", "%0, %1, %2",
           wide([](s128 a, s128 b) { return s128(u128(a) * u128(b)); }));
  addTyped(cases, "mul.hi", "%0, %1, %2",
           [](auto a, decltype(a) b) { return highOf(a, b); });
  addTyped(cases, "mad.lo", "%0, %1, %2, %3", wide3([](s128 a, s128 b, s128 c) {
             return s128(u128(a) * u128(b) + u128(c));
           }));
  addTyped(cases, "mad.hi", "%0, %1, %2, %3",
           [](auto a, decltype(a) b, decltype(a) c) {
             return static_cast<decltype(a)>(u128(s128(highOf(a, b))) +
                                             u128(s128(c)));
           });
  addTyped(cases, "sad", "%0, %1, %2, %3", wide3([](s128 a, s128 b, s128 c) {
             return c + (a < b ? b - a : a - b);
           }));
  addTyped(cases, "div", "%0, %1, %2",
           wide([](s128 a, s128 b) { return b == 0 ? s128(-1) : a / b; }));
  addTyped(cases, "rem", "%0, %1, %2",
           wide([](s128 a, s128 b) { return b == 0 ? a : a % b; }));
  addTyped(cases, "min", "%0, %1, %2",
           wide([](s128 a, s128 b) { return std::min(a, b); }));
  addTyped(cases, "max", "%0, %1, %2",
           wide([](s128 a, s128 b) { return std::max(a, b); }));
  auto add = [&](std::string text, char result, Expect expect,
                 char inputs = 'i') {
    cases.push_back({std::move(text), result, inputs, std::move(expect)});
  };
  add("add.sat.s32 %r0, %r1, %r2;", 'w',
      on<s32>([](s32 a, s32 b) { return clamped(s64(a) + b); }));
  add("sub.sat.s32 %r0, %r1, %r2;", 'w',
      on<s32>([](s32 a, s32 b) { return clamped(s64(a) - b); }));
  add("mad.hi.sat.s32 %r0, %r1, %r2, %r3;", 'w',
      on<s32>([](s32 a, s32 b, s32 c) {
        return clamped(((s64(a) * b) >> 32) + c);
      }));
  for (const char *type : {"u16x2", "s16x2"}) {
    std::string t = type;
    add("add." + t + " %r0, %r1, %r2;", 'w',
        onHalves<u16>([](u16 a, u16 b) { return u16(a + b); }));
  }
  add("min.u16x2 %r0, %r1, %r2;", 'w',
      onHalves<u16>([](u16 a, u16 b) { return std::min(a, b); }));
  add("min.s16x2 %r0, %r1, %r2;", 'w',
      onHalves<s16>([](s16 a, s16 b) { return std::min(a, b); }));
  add("max.u16x2 %r0, %r1, %r2;", 'w',
      onHalves<u16>([](u16 a, u16 b) { return std::max(a, b); }));
  add("max.s16x2 %r0, %r1, %r2;", 'w',
      onHalves<s16>([](s16 a, s16 b) { return std::max(a, b); }));
  add("min.relu.s16x2 %r0, %r1, %r2;", 'w', onHalves<s16>([](s16 a, s16 b) {
        return std::max<s16>(std::min(a, b), 0);
      }));
  add("max.relu.s16x2 %r0, %r1, %r2;", 'w', onHalves<s16>([](s16 a, s16 b) {
        return std::max<s16>(std::max(a, b), 0);
      }));
  add("min.relu.s32 %r0, %r1, %r2;", 'w',
      on<s32>([](s32 a, s32 b) { return std::max(std::min(a, b), 0); }));
  add("min.s32.relu %r0, %r1, %r2;", 'w', // as CUDA's headers have it
      on<s32>([](s32 a, s32 b) { return std::max(std::min(a, b), 0); }));
  add("max.relu.s32 %r0, %r1, %r2;", 'w',
      on<s32>([](s32 a, s32 b) { return std::max(std::max(a, b), 0); }));
  add("mul.wide.u16 %r0, %rs1, %rs2;", 'w',
      on<u16>([](u16 a, u16 b) { return u32(a) * b; }));
  add("mul.wide.s16 %r0, %rs1, %rs2;", 'w',
      on<s16>([](s16 a, s16 b) { return s32(a) * b; }));
  add("mul.wide.u32 %rd0, %r1, %r2;", 'l',
      on<u32>([](u32 a, u32 b) { return u64(a) * b; }));
  add("mul.wide.s32 %rd0, %r1, %r2;", 'l',
      on<s32>([](s32 a, s32 b) { return s64(a) * b; }));
  add("mad.wide.u32 %rd0, %r1, %r2, %rd3;", 'l',
      [](u64 a, u64 b, u64 c) { return u64(u32(a)) * u32(b) + c; });
  add("mad.wide.s32 %rd0, %r1, %r2, %rd3;", 'l',
      [](u64 a, u64 b, u64 c) { return u64(s64(s32(a)) * s32(b)) + c; });
  add("mad.wide.s16 %r0, %rs1, %rs2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) { return u64(s64(s16(a)) * s16(b)) + c; });
  add("mad.wide.u16 %r0, %rs1, %rs2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) { return u64(u16(a)) * u16(b) + c; });
  for (bool sign : {false, true}) {
    std::string t = sign ? ".s32" : ".u32";
    auto product = [sign](u64 a, u64 b) {
      return s64(bits24(u32(a), sign)) * bits24(u32(b), sign);
    };
    add("mul24.lo" + t + " %r0, %r1, %r2;", 'w',
        [=](u64 a, u64 b, u64) { return u64(product(a, b)); });
    add("mul24.hi" + t + " %r0, %r1, %r2;", 'w',
        [=](u64 a, u64 b, u64) { return u64(product(a, b) >> 16); });
    add("mad24.lo" + t + " %r0, %r1, %r2, %r3;", 'w',
        [=](u64 a, u64 b, u64 c) { return u64(product(a, b)) + c; });
    add("mad24.hi" + t + " %r0, %r1, %r2, %r3;", 'w',
        [=](u64 a, u64 b, u64 c) { return u64(product(a, b) >> 16) + c; });
  }
  auto absolute = [](auto a) {
    return static_cast<decltype(a)>(s128(a) < 0 ? -s128(a) : s128(a));
  };
  add("abs.s16 %rs0, %rs1;", 'h', on<s16>(absolute));
  add("abs.s32 %r0, %r1;", 'w', on<s32>(absolute));
  add("abs.s64 %rd0, %rd1;", 'l', on<s64>(absolute));
  auto negative = [](auto a) { return static_cast<decltype(a)>(-s128(a)); };
  add("neg.s16 %rs0, %rs1;", 'h', on<s16>(negative));
  add("neg.s32 %r0, %r1;", 'w', on<s32>(negative));
  add("neg.s64 %rd0, %rd1;", 'l', on<s64>(negative));
  addDotProducts(cases);
  addCarries(cases);
  return cases;
}

} // namespace sluice::sim
