#include "runtime/device/sim/numerics/NarrowFloat.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <limits>

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

constexpr Rounding kAll[] = {Rounding::Nearest, Rounding::Zero, Rounding::Down,
                             Rounding::Up, Rounding::NearestAway};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Values that decide: every code, the middle to the next one, and the doubles
/// beside both; below the smallest and beyond the largest as well.
std::vector<double> decidingValues(const NearestSearch &search) {
  const std::vector<double> &codes = search.positive();
  double step = codes.back() - codes[codes.size() - 2];
  std::vector<double> points = {codes.back() + step, codes.back() + 8 * step,
                                1e300, 1e-300};
  for (size_t i = 0; i < codes.size(); ++i) {
    points.push_back(codes[i]);
    points.push_back(i + 1 < codes.size() ? (codes[i] + codes[i + 1]) / 2
                                          : codes[i] + step / 2);
  }
  std::vector<double> values;
  for (double p : points)
    for (double x : {std::nextafter(p, 0.0), p, std::nextafter(p, kInfinity)})
      values.insert(values.end(), {x, -x});
  return values;
}

template <const FloatFormat &F> void checkEveryCode() {
  NearestSearch search(F);
  uint64_t codes = uint64_t{1} << F.bits();
  for (uint64_t code = 0; code < codes; ++code) {
    uint64_t magnitude = code & (F.signBit() - 1);
    double value = valueOf(F, code);
    float fast = widened<F>(static_cast<uint32_t>(code));
    if (magnitude > F.maxFinite) {
      bool infinite = F.hasInfinity && magnitude == F.maxFinite + 1;
      EXPECT_EQ(std::isinf(value), infinite) << code;
      EXPECT_EQ(std::isnan(value), !infinite) << code;
      if (infinite)
        EXPECT_EQ(value, code > magnitude ? -kInfinity : kInfinity);
    } else {
      double expected = search.positive()[magnitude];
      EXPECT_EQ(std::fabs(value), expected) << code;
      EXPECT_EQ(std::signbit(value), code != magnitude) << code;
    }
    if (std::isnan(value))
      EXPECT_EQ(bitsOf32(fast), 0x7fffffffU);
    else
      EXPECT_EQ(bitsOf32(fast), bitsOf32(static_cast<float>(value))) << code;
  }
}

template <const FloatFormat &F> void checkEveryRounding() {
  NearestSearch search(F);
  for (double x : decidingValues(search))
    for (Rounding rounding : kAll)
      for (bool saturate : {false, true}) {
        if (!saturate && !F.hasInfinity)
          continue; // PTX has no such conversion
        ASSERT_EQ(bitsOf(F, x, rounding, saturate),
                  search.code(x, rounding, saturate))
            << x << " rounding " << static_cast<int>(rounding);
      }
  EXPECT_EQ(bitsOf(F, kNan, Rounding::Nearest, true),
            F.nan ? F.nan : F.maxFinite);
  EXPECT_EQ(bitsOf(F, -kInfinity, Rounding::Zero, true),
            F.maxFinite | F.signBit());
  if (F.hasInfinity)
    EXPECT_EQ(bitsOf(F, -kInfinity, Rounding::Zero, false),
              (F.maxFinite + 1) | F.signBit());
}

/// The fast form against the search, on the same values as f32, and on a walk
/// over all of f32.
template <const FloatFormat &F, bool Saturate> void checkFastNarrowing() {
  NearestSearch search(F);
  auto check = [&](float x) {
    uint64_t expected = x != x ? (F.nan ? F.nan : F.maxFinite)
                        : std::isinf(x) && !Saturate
                            ? (F.maxFinite + 1) | (x < 0 ? F.signBit() : 0)
                            : search.code(x, Rounding::Nearest, Saturate);
    ASSERT_EQ((narrowed<F, Saturate>(x)), expected) << x;
  };
  for (double value : decidingValues(search)) {
    auto x = static_cast<float>(value);
    for (float y : {std::nextafterf(x, 0.0F), x,
                    std::nextafterf(x, static_cast<float>(kInfinity))})
      check(y);
  }
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 4099)
    check(f32(static_cast<uint32_t>(bits)));
  for (uint32_t bits : {0x7f800000U, 0xff800000U, 0x7fc00000U, 0xffffffffU,
                        0x7f800001U, 0x7f7fffffU, 0xff7fffffU})
    check(f32(bits));
}

template <const FloatFormat &F> void checkFormat() {
  checkEveryCode<F>();
  checkEveryRounding<F>();
  if constexpr (F.hasInfinity)
    checkFastNarrowing<F, false>();
  checkFastNarrowing<F, true>();
}

TEST(NarrowFormat, F16EveryCodeAndEveryTie) { checkFormat<kF16>(); }
TEST(NarrowFormat, Bf16EveryCodeAndEveryTie) { checkFormat<kBf16>(); }
TEST(NarrowFormat, E4m3EveryCodeAndEveryTie) { checkFormat<kE4m3>(); }
TEST(NarrowFormat, E5m2EveryCodeAndEveryTie) { checkFormat<kE5m2>(); }
TEST(NarrowFormat, E2m1EveryCodeAndEveryTie) { checkFormat<kE2m1>(); }
TEST(NarrowFormat, E2m3EveryCodeAndEveryTie) { checkFormat<kE2m3>(); }
TEST(NarrowFormat, E3m2EveryCodeAndEveryTie) { checkFormat<kE3m2>(); }

TEST(NarrowFormat, KnownCodes) {
  const double e2m1[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (uint64_t code = 0; code < 8; ++code)
    EXPECT_EQ(valueOf(kE2m1, code), e2m1[code]);
  EXPECT_EQ(valueOf(kE4m3, 0x7e), 448);
  EXPECT_EQ(valueOf(kE4m3, 0x01), std::ldexp(1, -9));
  EXPECT_EQ(valueOf(kE5m2, 0x7b), 57344);
  EXPECT_EQ(valueOf(kE2m3, 0x1f), 7.5);
  EXPECT_EQ(valueOf(kE3m2, 0x1f), 28);
  EXPECT_EQ(valueOf(kF16, 0x7bff), 65504);
  EXPECT_EQ(valueOf(kTf32, 0x3fbff), 0x1.ffcp127);
}

TEST(NarrowFormat, Tf32KeepsTenBitsOfTheFraction) {
  // One place of 1.0 is 2^-10; ties to even, away, and the directed modes.
  double tie = 1 + std::ldexp(1, -11);
  double evenTie = 1 + std::ldexp(3, -11);
  EXPECT_EQ(valueOf(kTf32, bitsOf(kTf32, tie, Rounding::Nearest, false)), 1.0);
  EXPECT_EQ(valueOf(kTf32, bitsOf(kTf32, tie, Rounding::NearestAway, false)),
            1 + std::ldexp(1, -10));
  EXPECT_EQ(valueOf(kTf32, bitsOf(kTf32, evenTie, Rounding::Nearest, false)),
            1 + std::ldexp(2, -10));
  EXPECT_EQ(valueOf(kTf32, bitsOf(kTf32, evenTie, Rounding::Zero, false)),
            1 + std::ldexp(1, -10));
}

TEST(NarrowFormat, Ue8m0EveryCodeAndEveryPower) {
  for (int code = 0; code < 255; ++code) {
    double power = std::pow(2.0, code - 127);
    EXPECT_EQ(valueOfUe8m0(static_cast<uint8_t>(code)), power);
    for (Rounding rounding : {Rounding::Zero, Rounding::Up})
      for (double sign : {1.0, -1.0}) {
        bool up = rounding == Rounding::Up;
        EXPECT_EQ(ue8m0Of(sign * power, rounding, true), code);
        EXPECT_EQ(ue8m0Of(sign * std::nextafter(power, 1e300), rounding, false),
                  !up ? code : code + 1); // 255 = NaN after the last
        if (code > 0)
          EXPECT_EQ(ue8m0Of(sign * std::nextafter(power, 0), rounding, true),
                    up ? code : code - 1);
      }
  }
  EXPECT_TRUE(std::isnan(valueOfUe8m0(255)));
  for (Rounding rounding : {Rounding::Zero, Rounding::Up}) {
    EXPECT_EQ(ue8m0Of(0.0, rounding, true), 0);
    EXPECT_EQ(ue8m0Of(1e-300, rounding, true), 0);
    EXPECT_EQ(ue8m0Of(kNan, rounding, true), 255);
    EXPECT_EQ(ue8m0Of(kInfinity, rounding, true), 254);
    EXPECT_EQ(ue8m0Of(kInfinity, rounding, false), 255);
    EXPECT_EQ(ue8m0Of(-kInfinity, rounding, true), 254);
  }
  EXPECT_EQ(ue8m0Of(std::ldexp(1.5, 127), Rounding::Up, true), 254);
  EXPECT_EQ(ue8m0Of(std::ldexp(1.5, 127), Rounding::Up, false), 255);
}

} // namespace
