#include "runtime/device/sim/numerics/Lanes.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

using enum NumberType;

/// The bytes of a register that holds `type`, or a packed pair of it.
size_t registerBytes(NumberType type, bool packed) {
  int bits = elementBits(type) * (packed ? 2 : 1);
  return bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

uint64_t lane(const void *registers, size_t bytes, int i) {
  uint64_t value = 0;
  std::memcpy(&value, static_cast<const char *>(registers) + i * bytes, bytes);
  return value;
}

/// Every type pair and rounding: where a fast form exists, it is convert().
TEST(Lanes, ConversionsAreConvert) {
  Random random(1);
  int found = 0;
  for (int to = 0; to <= static_cast<int>(Ue8m0); ++to)
    for (int from = 0; from <= static_cast<int>(Ue8m0); ++from)
      for (bool packed : {false, true})
        for (bool satfinite : {false, true})
          for (Rounding rounding : kIeeeRoundings) {
            Conversion c{.to = static_cast<NumberType>(to),
                         .from = static_cast<NumberType>(from),
                         .rounding = rounding,
                         .satfinite = satfinite};
            LanesFunction *f = convertLanes(c, packed);
            if (!f)
              continue;
            ++found;
            bool pair = packed && c.from == F32;
            size_t fromBytes = registerBytes(c.from, packed && !pair);
            size_t toBytes = registerBytes(c.to, packed);
            for (int round = 0; round < 6000; ++round) {
              alignas(64) uint64_t a[32], b[32], d[32];
              for (int i = 0; i < 32; ++i) {
                uint64_t x = random.f32Bits() | uint64_t{random.f32Bits()}
                                                    << 32;
                if (fromBytes == 2) // all codes, one after another
                  x = random.next();
                std::memcpy(reinterpret_cast<char *>(a) + i * fromBytes, &x,
                            fromBytes);
                std::memcpy(reinterpret_cast<char *>(b) + i * fromBytes,
                            reinterpret_cast<char *>(&x) + 4, 4);
              }
              f(d, a, b, nullptr, 0);
              for (int i = 0; i < 32; ++i) {
                uint64_t x = lane(a, fromBytes, i);
                uint64_t expected =
                    pair     ? convertPair(c, x, lane(b, fromBytes, i))
                    : packed ? convertPacked(c, x)
                             : convert(c, x);
                ASSERT_EQ(lane(d, toBytes, i), expected)
                    << to << " from " << from << " of " << std::hex << x;
              }
            }
          }
  EXPECT_GE(found, 24);
  EXPECT_EQ(convertLanes({.to = F16, .from = F32, .ftz = true}, false),
            nullptr);
  EXPECT_EQ(convertLanes({.to = F16, .from = F32, .relu = true}, false),
            nullptr);
}

template <const FloatFormat &F>
uint16_t scalarHalf(HalfOperation op, uint16_t a, uint16_t b, uint16_t c,
                    const HalfModifiers &m) {
  switch (op) {
  case HalfOperation::Add:
    return addHalf<F>(a, b, m);
  case HalfOperation::Sub:
    return subHalf<F>(a, b, m);
  case HalfOperation::Mul:
    return mulHalf<F>(a, b, m);
  case HalfOperation::Fma:
    return fmaHalf<F>(a, b, c, m);
  }
  return 0;
}

TEST(Lanes, HalfArithmeticIsTheScalarOne) {
  Random random(2);
  int found = 0;
  for (NumberType type : {F16, Bf16})
    for (auto op : {HalfOperation::Add, HalfOperation::Sub, HalfOperation::Mul,
                    HalfOperation::Fma})
      for (bool packed : {false, true})
        for (int bits = 0; bits < 8; ++bits) {
          HalfModifiers m{.ftz = (bits & 1) != 0,
                          .sat = (bits & 2) != 0,
                          .relu = (bits & 4) != 0};
          bool valid =
              type == F16
                  ? !m.relu || (op == HalfOperation::Fma && !m.sat)
                  : !m.ftz && !m.sat && (!m.relu || op == HalfOperation::Fma);
          LanesFunction *f = halfLanes(op, type, packed, m);
          ASSERT_EQ(f != nullptr, valid) << bits;
          if (!f)
            continue;
          ++found;
          int count = packed ? 64 : 32;
          for (int round = 0; round < 2000; ++round) {
            uint16_t a[64], b[64], c[64], d[64];
            for (int i = 0; i < 64; ++i) {
              uint64_t r = random.next();
              a[i] = static_cast<uint16_t>(r);
              b[i] = static_cast<uint16_t>(r >> 16);
              c[i] = static_cast<uint16_t>(r >> 32);
            }
            f(d, a, b, op == HalfOperation::Fma ? c : nullptr, 0);
            for (int i = 0; i < count; ++i)
              ASSERT_EQ(d[i], type == F16
                                  ? scalarHalf<kF16>(op, a[i], b[i], c[i], m)
                                  : scalarHalf<kBf16>(op, a[i], b[i], c[i], m));
            f(a, a, b, op == HalfOperation::Fma ? c : nullptr, 0); // in place
            ASSERT_EQ(std::memcmp(
                          a, d, sizeof(uint16_t) * static_cast<size_t>(count)),
                      0);
          }
        }
  EXPECT_EQ(found, 2 * (4 * 4 + 2 + 4 + 1));
}

TEST(Lanes, ApproximationsAreTheScalarOnes) {
  Random random(3);
  for (auto f : {Approximation::Ex2, Approximation::Lg2, Approximation::Rcp,
                 Approximation::Rsqrt, Approximation::Sqrt})
    for (bool ftz : {false, true}) {
      LanesFunction *lanes = approximateLanes(f, ftz);
      ASSERT_NE(lanes, nullptr);
      for (int round = 0; round < 3000; ++round) {
        float a[32], d[32];
        for (float &x : a)
          x = f32(random.f32Bits());
        lanes(d, a, nullptr, nullptr, 0);
        for (int i = 0; i < 32; ++i)
          ASSERT_EQ(bitsOf32(d[i]), bitsOf32(approximateF32(f, a[i], ftz)))
              << static_cast<int>(f) << ' ' << std::hexfloat << a[i];
      }
    }
  EXPECT_EQ(approximateLanes(Approximation::Sin, false), nullptr);
}

} // namespace
