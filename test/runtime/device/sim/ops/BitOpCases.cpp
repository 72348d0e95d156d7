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

/// Bit by bit.
template <typename T> T fieldOf(T a, u32 position, u32 length, bool sign) {
  constexpr u32 width = sizeof(T) * 8;
  position &= 255;
  length &= 255;
  u32 last = std::min(position + length - 1, width - 1);
  T fill = length == 0 || !sign ? 0 : a >> last & 1;
  T result = 0;
  for (u32 i = 0; i < width; ++i) {
    T bit = i < length && position + i < width ? a >> (position + i) & 1 : fill;
    result |= static_cast<T>(bit) << i;
  }
  return result;
}

template <typename T> T inserted(T field, T into, u32 position, u32 length) {
  constexpr u32 width = sizeof(T) * 8;
  position &= 255;
  length &= 255;
  for (u32 i = 0; i < length && position + i < width; ++i) {
    into &= ~(T{1} << (position + i));
    into |= (field >> i & 1) << (position + i);
  }
  return into;
}

u32 permuted(u64 a, u64 b, u64 c, const std::string &mode) {
  u64 bytes = (b & 0xffffffff) << 32 | (a & 0xffffffff);
  auto byte = [&](u32 selector) {
    u32 value = bytes >> (8 * (selector & 7)) & 255;
    return (selector & 8) != 0 ? ((value & 128) != 0 ? 255U : 0U) : value;
  };
  u32 n = c & 3;
  u32 result = 0;
  for (u32 i = 0; i < 4; ++i) {
    u32 selector = c >> (4 * i) & 15;
    if (mode == ".f4e")
      selector = n + i;
    else if (mode == ".b4e")
      selector = (8 + n - i) & 7;
    else if (mode == ".rc8")
      selector = n;
    else if (mode == ".ecl")
      selector = std::max(i, n);
    else if (mode == ".ecr")
      selector = std::min(i, n);
    else if (mode == ".rc16")
      selector = (n & 1) * 2 + (i & 1);
    result |= byte(selector) << (8 * i);
  }
  return result;
}

} // namespace

std::vector<OpCase> bitOpCases() {
  std::vector<OpCase> cases;
  auto add = [&](std::string text, char result, Expect expect,
                 char inputs = 'i') {
    cases.push_back({std::move(text), result, inputs, std::move(expect)});
  };
  auto addBits = [&](const std::string &name, const std::string &rest, auto f) {
    auto text = [&](const char *type, const char *reg) {
      std::string result = name + "." + type + " ";
      for (char c : rest)
        result += c == '%' ? std::string(reg) : std::string(1, c);
      return result + ";";
    };
    add(text("b16", "%rs"), 'h', on<u16>(f));
    add(text("b32", "%r"), 'w', on<u32>(f));
    add(text("b64", "%rd"), 'l', on<u64>(f));
  };
  addBits("and", "%0, %1, %2",
          [](auto a, decltype(a) b) { return decltype(a)(a & b); });
  addBits("or", "%0, %1, %2",
          [](auto a, decltype(a) b) { return decltype(a)(a | b); });
  addBits("xor", "%0, %1, %2",
          [](auto a, decltype(a) b) { return decltype(a)(a ^ b); });
  addBits("not", "%0, %1", [](auto a) { return decltype(a)(~a); });
  addBits("cnot", "%0, %1", [](auto a) { return decltype(a)(a == 0 ? 1 : 0); });
  auto bit = [](auto f) {
    return
        [f](u64 a, u64 b, u64) { return u64(f((a & 1) != 0, (b & 1) != 0)); };
  };
  add("and.pred %p0, %p1, !%p2;", 'p',
      bit([](bool a, bool b) { return a && !b; }));
  add("or.pred %p0, %p1, %p2;", 'p',
      bit([](bool a, bool b) { return a || b; }));
  add("xor.pred %p0, %p1, %p2;", 'p',
      bit([](bool a, bool b) { return a != b; }));
  add("not.pred %p0, %p1;", 'p', bit([](bool a, bool) { return !a; }));
  add("mov.pred %p0, %p1;", 'p', bit([](bool a, bool) { return a; }));

  add("popc.b32 %r0, %r1;", 'w', on<u32>([](u32 a) {
        u32 n = 0;
        for (; a != 0; a &= a - 1)
          ++n;
        return n;
      }));
  add("popc.b64 %r0, %rd1;", 'w', on<u64>([](u64 a) {
        u32 n = 0;
        for (; a != 0; a &= a - 1)
          ++n;
        return n;
      }));
  auto zeros = [](auto a) {
    u32 n = sizeof(a) * 8;
    for (; a != 0; a >>= 1)
      --n;
    return n;
  };
  add("clz.b32 %r0, %r1;", 'w', on<u32>(zeros));
  add("clz.b64 %r0, %rd1;", 'w', on<u64>(zeros));
  auto top = [](auto a) {
    constexpr int width = sizeof(a) * 8;
    bool negative = a < 0;
    for (int i = width - 1; i >= 0; --i)
      if (((a >> i & 1) != 0) != negative)
        return i;
    return -1;
  };
  auto shift = [top](auto a) {
    int at = top(a);
    return at < 0 ? -1 : static_cast<int>(sizeof(a) * 8) - 1 - at;
  };
  add("bfind.u32 %r0, %r1;", 'w', on<u32>(top));
  add("bfind.s32 %r0, %r1;", 'w', on<s32>(top));
  add("bfind.u64 %r0, %rd1;", 'w', on<u64>(top));
  add("bfind.s64 %r0, %rd1;", 'w', on<s64>(top));
  add("bfind.shiftamt.u32 %r0, %r1;", 'w', on<u32>(shift));
  add("bfind.shiftamt.s64 %r0, %rd1;", 'w', on<s64>(shift));
  auto reversed = [](auto a) {
    decltype(a) result = 0;
    for (size_t i = 0; i < sizeof(a) * 8; ++i)
      result |= (a >> i & 1) << (sizeof(a) * 8 - 1 - i);
    return result;
  };
  add("brev.b32 %r0, %r1;", 'w', on<u32>(reversed));
  add("brev.b64 %rd0, %rd1;", 'l', on<u64>(reversed));
  add(
      "bfe.u32 %r0, %r1, %r2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) {
        return u64(fieldOf<u32>(u32(a), u32(b), u32(c), false));
      },
      's');
  add(
      "bfe.s32 %r0, %r1, %r2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) {
        return u64(fieldOf<u32>(u32(a), u32(b), u32(c), true));
      },
      's');
  add(
      "bfe.u64 %rd0, %rd1, %r2, %r3;", 'l',
      [](u64 a, u64 b, u64 c) {
        return fieldOf<u64>(a, u32(b), u32(c), false);
      },
      's');
  add(
      "bfe.s64 %rd0, %rd1, %r2, %r3;", 'l',
      [](u64 a, u64 b, u64 c) { return fieldOf<u64>(a, u32(b), u32(c), true); },
      's');
  add(
      "bfi.b32 %r0, %r1, 0x5a5a1234, %r2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) {
        return u64(inserted<u32>(u32(a), 0x5a5a1234, u32(b), u32(c)));
      },
      's');
  add(
      "bfi.b64 %rd0, %rd1, %rd1, %r2, %r3;", 'l',
      [](u64 a, u64 b, u64 c) { return inserted<u64>(a, a, u32(b), u32(c)); },
      's');
  auto extend = [](u64 a, u64 n, bool sign) {
    u64 result = 0;
    for (u64 i = 0; i < 32; ++i) {
      u64 from = n == 0 ? 32 : i < n ? i : sign ? n - 1 : 32;
      result |= (from < 32 ? a >> from & 1 : 0) << i;
    }
    return result;
  };
  add(
      "szext.clamp.s32 %r0, %r1, %r2;", 'w',
      [=](u64 a, u64 b, u64) {
        return extend(a, std::min<u64>(u32(b), 32), true);
      },
      's');
  add(
      "szext.clamp.u32 %r0, %r1, %r2;", 'w',
      [=](u64 a, u64 b, u64) {
        return extend(a, std::min<u64>(u32(b), 32), false);
      },
      's');
  add(
      "szext.wrap.u32 %r0, %r1, %r2;", 'w',
      [=](u64 a, u64 b, u64) { return extend(a, b & 31, false); }, 's');
  add(
      "bmsk.clamp.b32 %r0, %r2, %r3;", 'w',
      [](u64, u64 b, u64 c) {
        u64 mask = 0;
        for (u64 i = b; i < 32 && i < b + c; ++i)
          mask |= u64{1} << i;
        return mask;
      },
      's');
  add(
      "bmsk.wrap.b32 %r0, %r2, %r3;", 'w',
      [](u64, u64 b, u64 c) {
        u64 mask = 0;
        for (u64 i = b & 31; i < 32 && i < (b & 31) + (c & 31); ++i)
          mask |= u64{1} << i;
        return mask;
      },
      's');
  add("and.b32 %r4, %r2, 31;\n  and.b32 %r5, %r3, 7;\n  sub.s32 %r5, %r5, 3;\n"
      "  fns.b32 %r0, %r1, %r4, %r5;",
      'w', [](u64 a, u64 b, u64 c) {
        int base = static_cast<int>(b & 31);
        int offset = static_cast<int>(c & 7) - 3;
        if (offset == 0)
          return u64((a >> base & 1) != 0 ? base : 0xffffffff);
        int count = 0;
        for (int i = base; i >= 0 && i < 32; i += offset > 0 ? 1 : -1)
          if ((a >> i & 1) != 0 && ++count == std::abs(offset))
            return u64(i);
        return u64(0xffffffff);
      });
  for (int table : {0x00, 0x96, 0xca, 0xe8, 0xfe, 0x1b})
    add("lop3.b32 %r0, %r1, %r2, %r3, " + std::to_string(table) + ";", 'w',
        [=](u64 a, u64 b, u64 c) {
          u64 result = 0;
          for (int i = 0; i < 32; ++i) {
            int index = static_cast<int>((a >> i & 1) << 2 | (b >> i & 1) << 1 |
                                         (c >> i & 1));
            result |= u64(table >> index & 1) << i;
          }
          return result;
        });
  for (bool left : {true, false})
    for (bool wrap : {true, false})
      add(
          std::string("shf.") + (left ? "l" : "r") +
              (wrap ? ".wrap" : ".clamp") + ".b32 %r0, %r1, %r2, %r3;",
          'w',
          [=](u64 a, u64 b, u64 c) {
            u64 value = (b & 0xffffffff) << 32 | (a & 0xffffffff);
            u32 n = wrap ? c & 31 : static_cast<u32>(std::min<u64>(u32(c), 32));
            return left ? (value << n) >> 32 : (value >> n) & 0xffffffff;
          },
          's');
  add(
      "shl.b16 %rs0, %rs1, %r2;", 'h',
      [](u64 a, u64 b, u64) { return u32(b) >= 16 ? 0 : u64(u16(a)) << b; },
      's');
  add(
      "shl.b32 %r0, %r1, %r2;", 'w',
      [](u64 a, u64 b, u64) { return b >= 32 ? 0 : u64(u32(a)) << b; }, 's');
  add(
      "shl.b64 %rd0, %rd1, %r2;", 'l',
      [](u64 a, u64 b, u64) { return b >= 64 ? 0 : a << b; }, 's');
  add(
      "shr.u16 %rs0, %rs1, %r2;", 'h',
      [](u64 a, u64 b, u64) { return b >= 16 ? 0 : u64(u16(a)) >> b; }, 's');
  add(
      "shr.u32 %r0, %r1, %r2;", 'w',
      [](u64 a, u64 b, u64) { return b >= 32 ? 0 : u64(u32(a)) >> b; }, 's');
  add(
      "shr.b64 %rd0, %rd1, %r2;", 'l',
      [](u64 a, u64 b, u64) { return b >= 64 ? 0 : a >> b; }, 's');
  add(
      "shr.s16 %rs0, %rs1, %r2;", 'h',
      [](u64 a, u64 b, u64) { return u64(s16(a) >> std::min<u64>(b, 15)); },
      's');
  add(
      "shr.s32 %r0, %r1, %r2;", 'w',
      [](u64 a, u64 b, u64) { return u64(s32(a) >> std::min<u64>(b, 31)); },
      's');
  add(
      "shr.s64 %rd0, %rd1, %r2;", 'l',
      [](u64 a, u64 b, u64) { return u64(s64(a) >> std::min<u64>(b, 63)); },
      's');
  for (const char *mode : {"", ".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16"})
    add(std::string("prmt.b32") + mode + " %r0, %r1, %r2, %r3;", 'w',
        [=](u64 a, u64 b, u64 c) { return u64(permuted(a, b, c, mode)); });
  add("selp.b16 %rs0, %rs1, %rs2, %p3;", 'h',
      [](u64 a, u64 b, u64 c) { return (c & 1) != 0 ? a : b; });
  add("selp.s32 %r0, %r1, 7, !%p3;", 'w',
      [](u64 a, u64, u64 c) { return (c & 1) == 0 ? a : 7; });
  add("selp.f64 %fd0, %fd1, %fd2, %p3;", 'd',
      [](u64 a, u64 b, u64 c) { return (c & 1) != 0 ? a : b; });
  add("slct.b32.s32 %r0, %r1, %r2, %r3;", 'w',
      [](u64 a, u64 b, u64 c) { return s32(c) >= 0 ? a : b; });
  add("slct.u64.f32 %rd0, %rd1, %rd2, %f3;", 'l',
      [](u64 a, u64 b, u64 c) { return fromBits<float>(c) >= 0 ? a : b; });
  add("slct.ftz.u16.f32 %rs0, %rs1, %rs2, %f3;", 'h', [](u64 a, u64 b, u64 c) {
    float x = fromBits<float>(c);
    return x >= 0 || std::fpclassify(x) == FP_SUBNORMAL ? a : b;
  });
  // Moves, whole and in parts.
  add("mov.u16 %rs0, %rs1;", 'h', [](u64 a, u64, u64) { return a; });
  add("mov.f32 %f0, %f1;", 'f', [](u64 a, u64, u64) { return a; });
  add("mov.b64 %rd0, %rd1;", 'l', [](u64 a, u64, u64) { return a; });
  add("mov.b32 %r0, {%rs1, %rs2};", 'w',
      [](u64 a, u64 b, u64) { return u64(u16(a)) | u64(u16(b)) << 16; });
  add("mov.b64 %rd0, {%r1, %r2};", 'l',
      [](u64 a, u64 b, u64) { return u64(u32(a)) | b << 32; });
  add("mov.b64 {%r4, %r0}, %rd1;", 'w',
      [](u64 a, u64, u64) { return a >> 32; });
  add("mov.b64 {%rs4, %rs5, %rs0, %rs6}, %rd1;", 'h',
      [](u64 a, u64, u64) { return a >> 32; });
  add("mov.b128 %q1, {%rd1, %rd2};\n  mov.b128 %q2, %q1;\n"
      "  mov.b128 {%rd4, %rd0}, %q2;",
      'l', [](u64, u64 b, u64) { return b; });
  // Generic addresses and back.
  for (const char *space : {"global", "shared", "local", "const"})
    add(std::string("and.b64 %rd4, %rd1, 0xffff;\n  cvta.") + space +
            ".u64 %rd5, %rd4;\n  cvta.to." + space + ".u64 %rd0, %rd5;",
        'l', [](u64 a, u64, u64) { return a & 0xffff; });
  add("and.b64 %rd4, %rd1, 0xffff;\n  cvta.shared.u64 %rd5, %rd4;\n"
      "  isspacep.shared %p0, %rd5;",
      'p', [](u64, u64, u64) { return u64{1}; });
  add("and.b64 %rd4, %rd1, 0xffff;\n  cvta.local.u64 %rd5, %rd4;\n"
      "  isspacep.shared %p0, %rd5;",
      'p', [](u64, u64, u64) { return u64{0}; });
  add("ld.param.u64 %rd4, [out];\n  isspacep.global %p0, %rd4;", 'p',
      [](u64, u64, u64) { return u64{1}; });
  return cases;
}

} // namespace sluice::sim
