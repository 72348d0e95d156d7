#include "test/runtime/device/sim/ops/OpCase.h"

namespace sluice::sim {
namespace {

template <typename T> bool compared(const std::string &name, T a, T b) {
  if (name == "eq" || name == "equ")
    return a == b;
  if (name == "ne" || name == "neu")
    return a != b;
  if (name == "lt" || name == "ltu" || name == "lo")
    return a < b;
  if (name == "le" || name == "leu" || name == "ls")
    return a <= b;
  if (name == "gt" || name == "gtu" || name == "hi")
    return a > b;
  return a >= b;
}

template <typename T> bool floatCompared(const std::string &name, T a, T b) {
  bool nan = std::isnan(a) || std::isnan(b);
  if (name == "num")
    return !nan;
  if (name == "nan")
    return nan;
  if (nan)
    return name.size() == 3; // equ, neu, ...
  return compared(name, a, b);
}

float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0F, x) : x;
}

float halfValue(uint64_t bits) {
  return static_cast<float>(fromBits<_Float16>(bits & 0xffff));
}
float bf16Value(uint64_t bits) {
  return fromBits<float>((bits & 0xffff) << 16);
}

const char *const kSigned[] = {"eq", "ne", "lt", "le", "gt", "ge"};
const char *const kUnsigned[] = {"eq", "ne", "lo", "ls",
                                 "hi", "hs", "lt", "ge"};
const char *const kFloat[] = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                              "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

} // namespace

std::vector<OpCase> compareOpCases() {
  std::vector<OpCase> cases;
  auto add = [&](std::string text, char result, char inputs, Expect expect) {
    cases.push_back({std::move(text), result, inputs, std::move(expect)});
  };
  for (std::string name : kSigned) {
    add("setp." + name + ".s16 %p0, %rs1, %rs2;", 'p', 'i',
        on<int16_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
    add("setp." + name + ".s32 %p0, %r1, %r2;", 'p', 'i',
        on<int32_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
    add("setp." + name + ".s64 %p0, %rd1, %rd2;", 'p', 'i',
        on<int64_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
  }
  for (std::string name : kUnsigned) {
    add("setp." + name + ".u16 %p0, %rs1, %rs2;", 'p', 'i',
        on<uint16_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
    add("setp." + name + ".u32 %p0, %r1, %r2;", 'p', 'i',
        on<uint32_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
    add("setp." + name + ".u64 %p0, %rd1, %rd2;", 'p', 'i',
        on<uint64_t>(
            [=](auto a, decltype(a) b) { return compared(name, a, b); }));
  }
  add("setp.ne.b32 %p0, %r1, %r2;", 'p', 'i',
      on<uint32_t>([](auto a, decltype(a) b) { return a != b; }));
  for (std::string name : kFloat) {
    add("setp." + name + ".f32 %p0, %f1, %f2;", 'p', 'f',
        on<float>([=](float a, float b) { return floatCompared(name, a, b); }));
    add("setp." + name + ".ftz.f32 %p0, %f1, %f2;", 'p', 'f',
        on<float>([=](float a, float b) {
          return floatCompared(name, flush(a), flush(b));
        }));
    add("setp." + name + ".f64 %p0, %fd1, %fd2;", 'p', 'd',
        on<double>(
            [=](double a, double b) { return floatCompared(name, a, b); }));
    add("setp." + name + ".f16 %p0, %rs1, %rs2;", 'p', 'x',
        [=](uint64_t a, uint64_t b, uint64_t) {
          return uint64_t{floatCompared(name, halfValue(a), halfValue(b))};
        });
    add("setp." + name + ".bf16 %p0, %rs1, %rs2;", 'p', 'b',
        [=](uint64_t a, uint64_t b, uint64_t) {
          return uint64_t{floatCompared(name, bf16Value(a), bf16Value(b))};
        });
  }
  // Both results, and the logic with a third predicate.
  struct Logic {
    const char *name;
    bool (*f)(bool, bool);
  };
  for (const Logic &logic :
       {Logic{"and", [](bool x, bool y) { return x && y; }},
        {"or", [](bool x, bool y) { return x || y; }},
        {"xor", [](bool x, bool y) { return x != y; }}})
    for (bool second : {false, true}) {
      auto f = logic.f;
      std::string pair = second ? "%p5|%p0" : "%p0|%p5";
      add("setp.lt." + std::string(logic.name) + ".s32 " + pair +
              ", %r1, %r2, !%p3;",
          'p', 'i', [=](uint64_t a, uint64_t b, uint64_t c) {
            bool less = static_cast<int32_t>(a) < static_cast<int32_t>(b);
            return uint64_t{f(less != second, (c & 1) == 0)};
          });
      add("set.lt." + std::string(logic.name) + ".u32.f32 %r0, %f1, %f2, %p3;",
          'w', 'f', [=](uint64_t a, uint64_t b, uint64_t c) {
            bool less = fromBits<float>(a) < fromBits<float>(b);
            return f(less, (c & 1) != 0) ? 0xffffffff : uint64_t{0};
          });
    }
  for (bool high : {false, true}) {
    std::string pair = high ? "%p5|%p0" : "%p0|%p5";
    int shift = high ? 16 : 0;
    add("setp.lt.f16x2 " + pair + ", %r1, %r2;", 'p', 'x',
        [=](uint64_t a, uint64_t b, uint64_t) {
          return uint64_t{halfValue(a >> shift) < halfValue(b >> shift)};
        });
    add("setp.geu.and.bf16x2 " + pair + ", %r1, %r2, %p3;", 'p', 'b',
        [=](uint64_t a, uint64_t b, uint64_t c) {
          return uint64_t{floatCompared<float>("geu", bf16Value(a >> shift),
                                               bf16Value(b >> shift)) &&
                          (c & 1) != 0};
        });
  }
  add("set.gt.s32.s32 %r0, %r1, %r2;", 'w', 'i',
      [](uint64_t a, uint64_t b, uint64_t) {
        return static_cast<int32_t>(a) > static_cast<int32_t>(b) ? 0xffffffff
                                                                 : uint64_t{0};
      });
  add("set.ls.f32.u64 %f0, %rd1, %rd2;", 'f', 'i',
      [](uint64_t a, uint64_t b, uint64_t) {
        return a <= b ? uint64_t{0x3f800000} : 0;
      });
  add("set.num.f32.f64 %f0, %fd1, %fd2;", 'f', 'd',
      [](uint64_t a, uint64_t b, uint64_t) {
        bool nan =
            std::isnan(fromBits<double>(a)) || std::isnan(fromBits<double>(b));
        return nan ? uint64_t{0} : 0x3f800000;
      });
  add("set.lt.f16.f16 %rs0, %rs1, %rs2;", 'h', 'x',
      [](uint64_t a, uint64_t b, uint64_t) {
        return halfValue(a) < halfValue(b) ? uint64_t{0x3c00} : 0;
      });
  add("set.lt.u16.bf16 %rs0, %rs1, %rs2;", 'h', 'b',
      [](uint64_t a, uint64_t b, uint64_t) {
        return bf16Value(a) < bf16Value(b) ? uint64_t{0xffff} : 0;
      });
  auto both = [](auto value, uint64_t yes) {
    return [=](uint64_t a, uint64_t b, uint64_t) {
      return (value(a) < value(b) ? yes : 0) |
             (value(a >> 16) < value(b >> 16) ? yes : 0) << 16;
    };
  };
  add("set.lt.f16x2.f16x2 %r0, %r1, %r2;", 'w', 'x', both(halfValue, 0x3c00));
  add("set.lt.bf16x2.bf16x2 %r0, %r1, %r2;", 'w', 'b', both(bf16Value, 0x3f80));
  struct Property {
    const char *name;
    bool (*f)(int);
  };
  for (const Property &property :
       {Property{"finite",
                 [](int k) { return k != FP_INFINITE && k != FP_NAN; }},
        {"infinite", [](int k) { return k == FP_INFINITE; }},
        {"number", [](int k) { return k != FP_NAN; }},
        {"notanumber", [](int k) { return k == FP_NAN; }},
        {"normal", [](int k) { return k == FP_NORMAL; }},
        {"subnormal", [](int k) { return k == FP_SUBNORMAL; }}}) {
    auto f = property.f;
    std::string name = property.name;
    add("testp." + name + ".f32 %p0, %f1;", 'p', 'f',
        on<float>([=](float a) { return f(std::fpclassify(a)); }));
    add("testp." + name + ".f64 %p0, %fd1;", 'p', 'd',
        on<double>([=](double a) { return f(std::fpclassify(a)); }));
  }
  return cases;
}

} // namespace sluice::sim
