#include "runtime/device/sim/numerics/Approximate.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

const float kInf = f32(0x7f800000);
const float kNan = f32(0x7fffffff);
constexpr Approximation kAll[] = {Approximation::Ex2,  Approximation::Lg2,
                                  Approximation::Rcp,  Approximation::Rsqrt,
                                  Approximation::Sqrt, Approximation::Sin,
                                  Approximation::Cos,  Approximation::Tanh};

long double precise(Approximation f, long double x) {
  switch (f) {
  case Approximation::Ex2:
    return std::exp2(x);
  case Approximation::Lg2:
    return std::log2(x);
  case Approximation::Rcp:
    return 1 / x;
  case Approximation::Rsqrt:
    return 1 / std::sqrt(x);
  case Approximation::Sqrt:
    return std::sqrt(x);
  case Approximation::Sin:
    return std::sin(x);
  case Approximation::Cos:
    return std::cos(x);
  case Approximation::Tanh:
    return std::tanh(x);
  }
  return 0;
}

/// The error that PTX documents for `f` at x, as an amount.
long double allowed(Approximation f, long double x, long double y) {
  // An ulp of the result, at least that of subnormals.
  long double ulp = std::ldexp(1.0L, std::max(std::ilogb(y), -126) - 23);
  switch (f) {
  case Approximation::Ex2:
    return 2.5L * ulp;
  case Approximation::Lg2:
    return x > 0.5L && x < 2 ? 0x1p-22L : 0x1p-22L * std::fabs(y);
  case Approximation::Rcp:
    return ulp;
  case Approximation::Rsqrt:
    return std::fabs(y) * std::exp2(-22.9L);
  case Approximation::Sqrt:
    return std::fabs(y) * 0x1p-23L;
  case Approximation::Tanh:
    return std::fabs(y) * 0x1p-11L;
  default:
    return std::exp2(std::fabs(x) <= 6.2831853L ? -20.5L : -14.7L);
  }
}

TEST(Approximate, StaysWithinThePtxBoundAndUsesIt) {
  Random random(11);
  for (Approximation f : kAll) {
    int different = 0;
    for (int i = 0; i < 60000; ++i) {
      float x = f32(random.f32Bits());
      bool periodic = f == Approximation::Sin || f == Approximation::Cos;
      if (i % 2 || periodic)
        x = f32(0x3a000000 + (bitsOf32(x) & 0x89ffffff)); // to 2^4.. or so
      if (!std::isfinite(x) || x == 0)
        continue;
      bool positiveOnly = f == Approximation::Lg2 ||
                          f == Approximation::Rsqrt || f == Approximation::Sqrt;
      if (positiveOnly)
        x = std::fabs(x);
      long double y = precise(f, x);
      float plain = approximateF32(f, x, false);
      if (std::fabs(y) > 0x1.fffffep127L) {
        ASSERT_TRUE(std::isinf(plain));
        continue;
      }
      if (std::fabs(y) < 0x1p-149L)
        continue;
      // Without a seed: the rounded result, half an ulp.
      long double ulp = std::ldexp(1.0L, std::max(std::ilogb(y), -126) - 23);
      ASSERT_LE(std::fabs(plain - y), ulp * 0.50001L)
          << static_cast<int>(f) << ' ' << std::hexfloat << x;
      float other = approximateF32(f, x, false, 1234 + i % 7);
      if (std::isinf(other)) // allowed beside the largest number only
        ASSERT_GT(std::fabs(y), 0x1.fffff0p127L);
      else
        ASSERT_LE(std::fabs(other - y), allowed(f, x, y))
            << static_cast<int>(f) << ' ' << std::hexfloat << x;
      ASSERT_EQ(bitsOf32(other),
                bitsOf32(approximateF32(f, x, false, 1234 + i % 7)));
      different += other != plain;
    }
    EXPECT_GT(different, 3000) << static_cast<int>(f);
  }
}

TEST(Approximate, CornersAreThePtxTables) {
  struct Row {
    Approximation f;
    float minusInf, minusZero, plusZero, plusInf;
  };
  const Row rows[] = {
      {Approximation::Ex2, 0, 1, 1, kInf},
      {Approximation::Lg2, kNan, -kInf, -kInf, kInf},
      {Approximation::Rcp, -0.0F, -kInf, kInf, 0},
      {Approximation::Rsqrt, kNan, -kInf, kInf, 0},
      {Approximation::Sqrt, kNan, -0.0F, 0, kInf},
      {Approximation::Sin, kNan, -0.0F, 0, kNan},
      {Approximation::Cos, kNan, 1, 1, kNan},
      {Approximation::Tanh, -1, -0.0F, 0, 1},
  };
  for (const Row &row : rows)
    for (uint64_t seed : {0, 5})
      for (bool ftz : {false, true}) {
        auto check = [&](float x, float expected) {
          EXPECT_EQ(bitsOf32(approximateF32(row.f, x, ftz, seed)),
                    bitsOf32(expected))
              << static_cast<int>(row.f) << " of " << x;
        };
        check(-kInf, row.minusInf);
        check(-0.0F, row.minusZero);
        check(0.0F, row.plusZero);
        check(kInf, row.plusInf);
        check(f32(0xffc12345), kNan);
        if (ftz) { // a subnormal counts as the zero of its sign
          check(f32(0x80000123), row.minusZero);
          check(f32(0x00700000), row.plusZero);
        }
      }
  for (uint64_t seed : {0, 5}) {
    EXPECT_EQ(bitsOf32(approximateF32(Approximation::Lg2, -1, false, seed)),
              0x7fffffffU);
    EXPECT_EQ(bitsOf32(approximateF32(Approximation::Rsqrt, -1, false, seed)),
              0x7fffffffU);
    EXPECT_EQ(approximateF32(Approximation::Tanh, f32(77), false, seed),
              f32(77));
    EXPECT_EQ(approximateF32(Approximation::Ex2, -140, true, seed), 0);
  }
}

TEST(Approximate, HalfFormsEveryCode) {
  for (Approximation f : {Approximation::Ex2, Approximation::Tanh})
    for (uint64_t seed : {0, 1, 2})
      for (uint32_t code = 0; code < 65536; ++code) {
        auto bits = static_cast<uint16_t>(code);
        double x = valueOf(kF16, bits);
        double found = valueOf(kF16, approximateF16(f, bits, seed));
        auto exact = static_cast<double>(precise(f, x));
        if (std::isnan(x)) {
          ASSERT_TRUE(std::isnan(found));
        } else if (std::isfinite(found) && exact > 0x1p-14) {
          double limit = f == Approximation::Ex2 ? exact * std::exp2(-9.9)
                                                 : std::exp2(-10.987);
          ASSERT_LE(std::fabs(found - exact), limit) << x;
        }
        x = valueOf(kBf16, bits);
        found = valueOf(kBf16, approximateBf16(f, bits, seed));
        exact = static_cast<double>(precise(f, x));
        if (std::isnan(x)) {
          ASSERT_TRUE(std::isnan(found));
        } else if (std::isfinite(found) && exact > 0x1p-126) {
          double limit = f == Approximation::Ex2 ? exact * 0x1p-7 : 0x1p-8;
          ASSERT_LE(std::fabs(found - exact), limit) << x;
        }
      }
  EXPECT_EQ(approximateF16(Approximation::Ex2, 0x8001), 0x3c00);
  EXPECT_EQ(approximateF16(Approximation::Tanh, 0xfc00), 0xbc00);
  EXPECT_EQ(approximateF16(Approximation::Ex2, 0xfc00), 0);
}

TEST(Approximate, Divisions) {
  Random random(5);
  for (int i = 0; i < 200000; ++i) {
    float a = f32(random.f32Bits());
    float b = f32(random.f32Bits());
    if (!std::isfinite(a) || !std::isfinite(b) || a == 0 || b == 0)
      continue;
    long double y = static_cast<long double>(a) / b;
    if (std::fabs(y) < 0x1p-149L || std::fabs(y) > 0x1.fffff0p127L)
      continue;
    long double ulp = std::ldexp(1.0L, std::max(std::ilogb(y), -126) - 23);
    for (uint64_t seed : {0, 3}) {
      ASSERT_LE(std::fabs(divFullF32(a, b, false, seed) - y), 2 * ulp);
      if (std::fabs(b) <= 0x1p126F)
        ASSERT_LE(std::fabs(divApproxF32(a, b, false, seed) - y), 2 * ulp);
      else
        ASSERT_EQ(divApproxF32(a, b, false, seed), 0);
    }
  }
  EXPECT_EQ(divApproxF32(3, 0, false), kInf);
  EXPECT_EQ(bitsOf32(divApproxF32(0, 0, false)), 0x7fffffffU);
  EXPECT_EQ(bitsOf32(divApproxF32(kInf, 0x1.8p126F, false)), 0x7fffffffU);
  EXPECT_EQ(divFullF32(0x1p127F, 0x1p127F, false), 1);
  EXPECT_EQ(divFullF32(f32(5), 1, true), 0);
}

TEST(Approximate, GrossF64) {
  EXPECT_EQ(rcpApproxFtzF64(2.0), 0.5);
  EXPECT_EQ(rcpApproxFtzF64(1e-310), std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::bit_cast<uint64_t>(rcpApproxFtzF64(3.0)) & 0xffffffff, 0U);
  EXPECT_NEAR(rcpApproxFtzF64(3.0), 1.0 / 3, 1e-6);
  EXPECT_NEAR(rsqrtApproxFtzF64(9.0), 1.0 / 3, 1e-6);
  EXPECT_EQ(std::bit_cast<uint64_t>(rsqrtApproxFtzF64(-1.0)),
            0x7fffffff00000000U);
  EXPECT_EQ(rsqrtApproxF64(16.0), 0.25);
}

} // namespace
