#include "runtime/device/sim/numerics/Arithmetic32.h"
#include "runtime/device/sim/numerics/Arithmetic64.h"
#include "runtime/device/sim/numerics/MinMax.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <cfenv>

// The oracle is the host's floating-point unit in another rounding mode.
#pragma STDC FENV_ACCESS ON

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

int hostMode(Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return FE_TOWARDZERO;
  case Rounding::Down:
    return FE_DOWNWARD;
  case Rounding::Up:
    return FE_UPWARD;
  default:
    return FE_TONEAREST;
  }
}

template <typename T> struct Host {
  volatile T a, b, c, result;
  enum Op { Add, Mul, Fma, Div, Sqrt };

  [[gnu::noinline]] T run(Op op, Rounding rounding) {
    std::fesetround(hostMode(rounding));
    switch (op) {
    case Add:
      result = a + b;
      break;
    case Mul:
      result = a * b;
      break;
    case Fma:
      result = std::fma(a, b, c);
      break;
    case Div:
      result = a / b;
      break;
    case Sqrt:
      result = std::sqrt(a);
      break;
    }
    std::fesetround(FE_TONEAREST);
    return result;
  }
};

float own(Host<float>::Op op, float a, float b, float c, Rounding rounding) {
  switch (op) {
  case Host<float>::Add:
    return addF32(a, b, rounding);
  case Host<float>::Mul:
    return mulF32(a, b, rounding);
  case Host<float>::Fma:
    return fmaF32(a, b, c, rounding);
  case Host<float>::Div:
    return divF32(a, b, rounding);
  default:
    return sqrtF32(a, rounding);
  }
}

double own(Host<double>::Op op, double a, double b, double c,
           Rounding rounding) {
  switch (op) {
  case Host<double>::Add:
    return addF64(a, b, rounding);
  case Host<double>::Mul:
    return mulF64(a, b, rounding);
  case Host<double>::Fma:
    return fmaF64(a, b, c, rounding);
  case Host<double>::Div:
    return divF64(a, b, rounding);
  default:
    return sqrtF64(a, rounding);
  }
}

template <typename T> void compareWithHost(int rounds) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  Random random(sizeof(T));
  Host<T> host;
  for (int i = 0; i < rounds; ++i) {
    Bits bits[3];
    for (Bits &x : bits)
      x = sizeof(T) == 4 ? static_cast<Bits>(random.f32Bits())
                         : static_cast<Bits>(random.f64Bits());
    if (i % 16 == 0) // sums that cancel, fully or almost
      bits[1] = bits[0] ^ (Bits{1} << (sizeof(T) * 8 - 1)) ^ (i / 16 % 3);
    auto a = std::bit_cast<T>(bits[0]);
    auto b = std::bit_cast<T>(bits[1]);
    auto c = std::bit_cast<T>(bits[2]);
    if (i % 16 == 1) // a fused sum that almost cancels
      c = -(a * b);
    host.a = a;
    host.b = b;
    host.c = c;
    for (auto op : {Host<T>::Add, Host<T>::Mul, Host<T>::Fma, Host<T>::Div,
                    Host<T>::Sqrt})
      for (Rounding rounding : kIeeeRoundings) {
        T expected = host.run(op, rounding);
        T found = own(op, a, b, c, rounding);
        if (expected != expected)
          ASSERT_TRUE(found != found);
        else
          ASSERT_EQ(std::bit_cast<Bits>(found), std::bit_cast<Bits>(expected))
              << "op " << op << " rounding " << static_cast<int>(rounding)
              << std::hexfloat << " of " << a << ' ' << b << ' ' << c
              << ": found " << found << " expected " << expected;
        if (sizeof(T) == 4 && found != found)
          ASSERT_EQ(std::bit_cast<Bits>(found), Bits{0x7fffffff});
      }
  }
}

TEST(Arithmetic, F32InEveryRoundingIsTheHosts) {
  compareWithHost<float>(400000);
}

TEST(Arithmetic, F64InEveryRoundingIsTheHosts) {
  compareWithHost<double>(150000);
}

TEST(Arithmetic, TheHostsRoundingModeIsLeftAlone) {
  EXPECT_EQ(divF32(1, 3, Rounding::Up), 0x1.555556p-2F);
  EXPECT_EQ(divF64(1, 3, Rounding::Up), 0x1.5555555555556p-2);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(Arithmetic, ExactZeroSumsHaveTheSignOfTheMode) {
  for (Rounding rounding : kIeeeRoundings) {
    bool down = rounding == Rounding::Down;
    EXPECT_EQ(std::signbit(addF32(1, -1, rounding)), down);
    EXPECT_EQ(std::signbit(fmaF32(2, 3, -6, rounding)), down);
    EXPECT_EQ(std::signbit(addF64(1, -1, rounding)), down);
    EXPECT_EQ(std::signbit(fmaF64(2, 3, -6, rounding)), down);
    EXPECT_EQ(std::signbit(addF32(0.0F, -0.0F, rounding)), down);
    EXPECT_TRUE(std::signbit(addF32(-0.0F, -0.0F, rounding)));
    EXPECT_FALSE(std::signbit(addF64(0.0, 0.0, rounding)));
  }
}

TEST(Arithmetic, FlushedKeepsSignsAndNormals) {
  EXPECT_EQ(bitsOf32(flushed(f32(0x807fffff))), 0x80000000U);
  EXPECT_EQ(bitsOf32(flushed(f32(0x00000001))), 0U);
  EXPECT_EQ(bitsOf32(flushed(f32(0x00800000))), 0x00800000U);
  EXPECT_EQ(bitsOf32(flushed(f32(0xff800000))), 0xff800000U);
}

TEST(Arithmetic, SaturatedIsFromZeroToOne) {
  EXPECT_EQ(bitsOf32(saturated(f32(0x7fc00000))), 0U);
  EXPECT_EQ(bitsOf32(saturated(-0.0F)), 0U);
  EXPECT_EQ(bitsOf32(saturated(-3.0F)), 0U);
  EXPECT_EQ(saturated(0.25F), 0.25F);
  EXPECT_EQ(saturated(f32(0x7f800000)), 1.0F);
}

/// The pseudocode of PTX 9.7.3.11, over values.
template <bool Max>
uint32_t minMaxByValue(uint32_t aBits, uint32_t bBits, bool nan, bool xorSign) {
  bool negative = ((aBits ^ bBits) >> 31) != 0;
  float a = f32(aBits);
  float b = f32(bBits);
  if (xorSign) {
    a = std::fabs(a);
    b = std::fabs(b);
  }
  bool aNan = std::isnan(a);
  bool bNan = std::isnan(b);
  if ((aNan && bNan) || (nan && (aNan || bNan)))
    return 0x7fffffff;
  float d;
  if (aNan || bNan)
    d = aNan ? b : a;
  else if (a == b) // +0 > -0
    d = std::signbit(a) == Max ? b : a;
  else
    d = (Max ? a > b : a < b) ? a : b;
  if (xorSign)
    d = std::copysign(d, negative ? -1.0F : 1.0F);
  return bitsOf32(d);
}

TEST(MinMax, F32IsThePseudocode) {
  Random random(7);
  for (int i = 0; i < 400000; ++i) {
    uint32_t a = random.f32Bits();
    uint32_t b = i % 8 == 0 ? a ^ 0x80000000 : random.f32Bits();
    for (bool nan : {false, true})
      for (bool xorSign : {false, true}) {
        auto low = minMax<kF32, false>(a, b, nan, xorSign, false);
        auto high = minMax<kF32, true>(a, b, nan, xorSign, false);
        ASSERT_EQ(low, minMaxByValue<false>(a, b, nan, xorSign)) << a << b;
        ASSERT_EQ(high, minMaxByValue<true>(a, b, nan, xorSign)) << a << b;
      }
  }
}

TEST(MinMax, EveryPairOfSomeF16) {
  for (uint32_t a = 0; a < 65536; a += 37)
    for (uint32_t b = 0; b < 65536; b += 41) {
      double x = valueOf(kF16, a);
      double y = valueOf(kF16, b);
      auto max =
          minMax<kF16, true>(static_cast<uint16_t>(a), static_cast<uint16_t>(b),
                             false, false, false);
      if (x != x && y != y)
        ASSERT_EQ(max, 0x7fff);
      else
        ASSERT_EQ(valueOf(kF16, max), std::fmax(x, y)) << a << ' ' << b;
    }
}

TEST(MinMax, FlushesOnlyWhenAsked) {
  EXPECT_EQ((minMax<kF32, true>(uint32_t{5}, uint32_t{3}, false, false, true)),
            0U);
  EXPECT_EQ((minMax<kF32, true>(uint32_t{5}, uint32_t{3}, false, false, false)),
            5U);
  EXPECT_EQ(
      (minMax<kF16, false>(uint16_t{0x8001}, uint16_t{0}, false, false, true)),
      0x8000);
}

} // namespace
