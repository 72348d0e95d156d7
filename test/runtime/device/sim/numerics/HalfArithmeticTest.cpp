#include "runtime/device/sim/numerics/HalfArithmetic.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <cfenv>

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

/// An f16 as a multiple of 2^-24. Not for infinities and NaN.
int64_t steps(uint16_t bits) {
  int field = (bits >> 10) & 31;
  int64_t fraction = bits & 1023;
  int64_t magnitude = field ? (fraction | 1024) << (field - 1) : fraction;
  return (bits & 0x8000) ? -magnitude : magnitude;
}

/// The f16 nearest to `x` * 2^-48 by search among all of them; `negativeZero`
/// if x is 0 and so signed.
uint16_t nearestF16(__int128 x, bool negativeZero) {
  bool negative = x < 0 || (x == 0 && negativeZero);
  __int128 magnitude = x < 0 ? -x : x;
  auto value = [](uint16_t code) {
    return static_cast<__int128>(steps(code)) << 24;
  };
  uint16_t low = 0;
  for (int bit = 0x4000; bit; bit >>= 1) {
    auto trial = static_cast<uint16_t>(low + bit);
    if (trial <= 0x7bff && value(trial) <= magnitude)
      low = trial;
  }
  __int128 next = low == 0x7bff ? static_cast<__int128>(65536) << 48
                                : value(static_cast<uint16_t>(low + 1));
  __int128 toLow = magnitude - value(low);
  __int128 toHigh = next - magnitude;
  if (toLow > toHigh || (toLow == toHigh && (low & 1)))
    ++low;
  return static_cast<uint16_t>(low | (negative ? 0x8000 : 0));
}

bool isFinite16(uint16_t x) { return (x & 0x7c00) != 0x7c00; }
bool sign16(uint16_t x) { return (x & 0x8000) != 0; }

TEST(HalfArithmetic, F16SumsAndProductsAreExactThenRounded) {
  for (uint32_t i = 0; i < 65536; i += 23)
    for (uint32_t j = 0; j < 65536; j += 29) {
      auto a = static_cast<uint16_t>(i);
      auto b = static_cast<uint16_t>(j);
      if (!isFinite16(a) || !isFinite16(b))
        continue;
      __int128 x = steps(a);
      __int128 y = steps(b);
      ASSERT_EQ(addHalf<kF16>(a, b, {}),
                nearestF16((x + y) * (1 << 24), sign16(a) && sign16(b)))
          << a << '+' << b;
      ASSERT_EQ(subHalf<kF16>(a, b, {}),
                nearestF16((x - y) * (1 << 24), sign16(a) && !sign16(b)))
          << a << '-' << b;
      ASSERT_EQ(mulHalf<kF16>(a, b, {}),
                nearestF16(x * y, sign16(a) != sign16(b)))
          << a << '*' << b;
    }
}

TEST(HalfArithmetic, F16FusedMultiplyAddRoundsOnce) {
  Random random(3);
  int ties = 0;
  for (int i = 0; i < 3000000; ++i) {
    uint64_t r = random.next();
    auto a = static_cast<uint16_t>(r);
    auto b = static_cast<uint16_t>(r >> 16);
    auto c = static_cast<uint16_t>(r >> 32);
    if (i % 4 == 0) // tiny addends, which decide ties of the product
      c &= 0x83ff;
    if (!isFinite16(a) || !isFinite16(b) || !isFinite16(c))
      continue;
    __int128 product = static_cast<__int128>(steps(a)) * steps(b);
    __int128 exact = product + (static_cast<__int128>(steps(c)) << 24);
    bool zeroSign = (sign16(a) != sign16(b)) && sign16(c);
    ASSERT_EQ(fmaHalf<kF16>(a, b, c, {}), nearestF16(exact, zeroSign))
        << a << '*' << b << '+' << c;
    ties += exact != product;
  }
  EXPECT_GT(ties, 1000000);
}

/// f64 fma cut off, and whether something was cut: exact but for the amount.
double truncatedFma(double a, double b, double c, bool &inexact) {
  std::feclearexcept(FE_ALL_EXCEPT);
  std::fesetround(FE_TOWARDZERO);
  volatile double x = a, y = b, z = c;
  volatile double result = std::fma(x, y, z);
  inexact = std::fetestexcept(FE_INEXACT) != 0;
  std::fesetround(FE_TONEAREST);
  return result;
}

TEST(HalfArithmetic, Bf16FusedMultiplyAddRoundsOnce) {
  NearestSearch search(kBf16);
  Random random(4);
  auto value = [](uint32_t bits) { return f32(bits << 16); };
  int cut = 0;
  for (int i = 0; i < 1000000; ++i) {
    uint64_t r = random.next();
    auto a = static_cast<uint16_t>(r);
    auto b = static_cast<uint16_t>(r >> 16);
    auto c = static_cast<uint16_t>(r >> 32);
    if (i % 2) { // moderate exponents, and products with short fractions
      a = static_cast<uint16_t>((a & 0x80f8) + 0x3f00);
      b = static_cast<uint16_t>((b & 0x80f8) + 0x3f00);
    }
    double x = value(a), y = value(b), z = value(c);
    if (!std::isfinite(x) || !std::isfinite(y) || !std::isfinite(z))
      continue;
    bool inexact = false;
    double sum = truncatedFma(x, y, z, inexact);
    cut += inexact;
    if (sum == 0)
      sum = std::fma(x, y, z);
    ASSERT_EQ(fmaHalf<kBf16>(a, b, c, {}),
              search.code(std::fabs(sum), inexact, std::signbit(sum),
                          Rounding::Nearest, false))
        << x << '*' << y << '+' << z;
  }
  EXPECT_GT(cut, 100000);
}

TEST(HalfArithmetic, Bf16SumsAndProducts) {
  NearestSearch search(kBf16);
  for (uint32_t i = 0; i < 65536; i += 31)
    for (uint32_t j = 0; j < 65536; j += 37) {
      float a = f32(i << 16);
      float b = f32(j << 16);
      if (!std::isfinite(a) || !std::isfinite(b))
        continue;
      bool inexact = false;
      double sum = truncatedFma(a, 1, b, inexact);
      if (sum == 0)
        sum = static_cast<double>(a) + b;
      ASSERT_EQ(addHalf<kBf16>(static_cast<uint16_t>(i),
                               static_cast<uint16_t>(j), {}),
                search.code(std::fabs(sum), inexact, std::signbit(sum),
                            Rounding::Nearest, false));
      double product = static_cast<double>(a) * b;
      ASSERT_EQ(mulHalf<kBf16>(static_cast<uint16_t>(i),
                               static_cast<uint16_t>(j), {}),
                search.code(product, Rounding::Nearest, false));
    }
}

TEST(HalfArithmetic, SpecialValuesAndModifiers) {
  EXPECT_EQ(addHalf<kF16>(0x7c00, 0xfc00, {}), 0x7fff);
  EXPECT_EQ(mulHalf<kF16>(0x7c00, 0x0000, {}), 0x7fff);
  EXPECT_EQ(addHalf<kF16>(0x7bff, 0x7bff, {}), 0x7c00);
  EXPECT_EQ(fmaHalf<kF16>(0x7c00, 0x3c00, 0xfc00, {}), 0x7fff);
  EXPECT_EQ(fmaHalf<kF16>(0x7c00, 0x3c00, 0x3c00, {}), 0x7c00);
  EXPECT_EQ(fmaHalf<kBf16>(0x7f80, 0x3f80, 0x3f80, {}), 0x7f80);
  EXPECT_EQ(addHalf<kF16>(0x0001, 0x0001, {.ftz = true}), 0);
  EXPECT_EQ(addHalf<kF16>(0x0001, 0x0001, {}), 2);
  EXPECT_EQ(mulHalf<kF16>(0x8400, 0x3800, {.ftz = true}), 0x8000);
  EXPECT_EQ(addHalf<kF16>(0x4000, 0x4000, {.sat = true}), 0x3c00);
  EXPECT_EQ(addHalf<kF16>(0x7e00, 0x4000, {.sat = true}), 0);
  EXPECT_EQ(fmaHalf<kF16>(0x3c00, 0xbc00, 0, {.relu = true}), 0);
  EXPECT_EQ(fmaHalf<kBf16>(0x7fc0, 0x3f80, 0, {.relu = true}), 0x7fff);
  auto add = [](uint16_t a, uint16_t b) { return addHalf<kF16>(a, b, {}); };
  EXPECT_EQ(onHalves(add, 0x3c004000U, 0x3c003c00U), 0x40004200U);
}

} // namespace
