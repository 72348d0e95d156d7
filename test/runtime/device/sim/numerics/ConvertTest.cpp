#include "runtime/device/sim/numerics/Convert.h"
#include "runtime/device/sim/numerics/Arithmetic32.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <cfenv>

#pragma STDC FENV_ACCESS ON

using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

using enum NumberType;

uint64_t bits32(float x) { return std::bit_cast<uint32_t>(x); }
uint64_t bits64(double x) { return std::bit_cast<uint64_t>(x); }

/// Where a value lies among integers, by the host, and the clamp of PTX.
template <typename To> uint64_t integerByHost(double x, Rounding rounding) {
  double y = rounding == Rounding::Zero   ? std::trunc(x)
             : rounding == Rounding::Down ? std::floor(x)
             : rounding == Rounding::Up   ? std::ceil(x)
                                          : std::nearbyint(x);
  using Limits = std::numeric_limits<To>;
  To result;
  if (y >= std::ldexp(1.0, Limits::digits))
    result = Limits::max();
  else if (y <= static_cast<double>(Limits::min()))
    result = Limits::min();
  else
    result = static_cast<To>(y);
  return static_cast<std::make_unsigned_t<To>>(result);
}

template <typename To> void checkFloatToInteger(NumberType to) {
  Random random(to == U8 ? 1 : 2 + static_cast<uint64_t>(to));
  const double interesting[] = {
      0,     0.25,   0.5,    0.75,   1,      1.5,          2.5,         126.5,
      127.5, 128,    254.5,  255.5,  256,    32767.5,      65535.5,     1e6,
      1e300, 0x1p31, 0x1p32, 0x1p63, 0x1p64, 0x1p31 - 0.5, 0x1p32 - 0.5};
  std::vector<double> values;
  for (double x : interesting)
    for (double y : {x, std::nextafter(x, 0.0), std::nextafter(x, 1e308)})
      values.insert(values.end(), {y, -y});
  for (int i = 0; i < 20000; ++i)
    values.push_back(f32(random.f32Bits()));
  for (double x : values)
    for (Rounding rounding : kIeeeRoundings) {
      if (std::isnan(x))
        continue;
      ASSERT_EQ(
          convert({.to = to, .from = F64, .rounding = rounding}, bits64(x)),
          integerByHost<To>(x, rounding))
          << x;
      auto single = static_cast<float>(x);
      ASSERT_EQ(convert({.to = to, .from = F32, .rounding = rounding},
                        bits32(single)),
                integerByHost<To>(single, rounding))
          << x;
    }
  for (uint64_t code = 0; code < 65536; ++code)
    for (NumberType from : {F16, Bf16}) {
      double x = valueOf(from == F16 ? kF16 : kBf16, code);
      if (!std::isnan(x))
        ASSERT_EQ(
            convert({.to = to, .from = from, .rounding = Rounding::Zero}, code),
            integerByHost<To>(x, Rounding::Zero));
    }
}

TEST(Convert, FloatToIntegerClampsInEveryRounding) {
  checkFloatToInteger<uint8_t>(U8);
  checkFloatToInteger<int8_t>(S8);
  checkFloatToInteger<uint16_t>(U16);
  checkFloatToInteger<int16_t>(S16);
  checkFloatToInteger<uint32_t>(U32);
  checkFloatToInteger<int32_t>(S32);
  checkFloatToInteger<uint64_t>(U64);
  checkFloatToInteger<int64_t>(S64);
}

TEST(Convert, NanToInteger) {
  uint64_t single = 0x7fc00000;
  uint64_t twice = bits64(std::nan(""));
  EXPECT_EQ(convert({.to = S32, .from = F32}, single), 0U);
  EXPECT_EQ(convert({.to = U8, .from = F16}, 0x7e00), 0U);
  EXPECT_EQ(convert({.to = S64, .from = F32}, single), uint64_t{1} << 63);
  EXPECT_EQ(convert({.to = U64, .from = F64}, twice), uint64_t{1} << 63);
  EXPECT_EQ(convert({.to = S32, .from = F64}, twice), uint64_t{1} << 31);
}

template <typename From> void checkIntegerToFloat(NumberType from) {
  Random random(from == U8 ? 21 : 22 + static_cast<uint64_t>(from));
  NearestSearch f16(kF16);
  std::vector<From> values = {0, 1, std::numeric_limits<From>::max(),
                              std::numeric_limits<From>::min()};
  for (int i = 0; i < 30000; ++i)
    values.push_back(static_cast<From>(random.next() >> (random.next() % 64)));
  const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  for (From x : values)
    for (int i = 0; i < 4; ++i) {
      Conversion c{.to = F32, .from = from, .rounding = kIeeeRoundings[i]};
      volatile From source = x;
      std::fesetround(modes[i]);
      volatile float single = static_cast<float>(source);
      volatile double twice = static_cast<double>(source);
      std::fesetround(FE_TONEAREST);
      auto bits =
          static_cast<uint64_t>(static_cast<int64_t>(x)); // sign extended
      ASSERT_EQ(convert(c, bits), bits32(single)) << +x;
      c.to = F64;
      ASSERT_EQ(convert(c, bits), bits64(twice)) << +x;
      c.to = F16;
      if (sizeof(From) <= 4)
        ASSERT_EQ(convert(c, bits),
                  f16.code(static_cast<double>(x), kIeeeRoundings[i], false))
            << +x;
    }
}

TEST(Convert, IntegerToFloatInEveryRounding) {
  checkIntegerToFloat<uint8_t>(U8);
  checkIntegerToFloat<int8_t>(S8);
  checkIntegerToFloat<uint16_t>(U16);
  checkIntegerToFloat<int16_t>(S16);
  checkIntegerToFloat<uint32_t>(U32);
  checkIntegerToFloat<int32_t>(S32);
  checkIntegerToFloat<uint64_t>(U64);
  checkIntegerToFloat<int64_t>(S64);
}

TEST(Convert, IntegersExtendCutOrSaturate) {
  EXPECT_EQ(convert({.to = S32, .from = S8}, 0x80), 0xffffff80U);
  EXPECT_EQ(convert({.to = U64, .from = U32}, 0xffffffff12345678), 0x12345678U);
  EXPECT_EQ(convert({.to = S64, .from = S32}, 0x80000000), 0xffffffff80000000U);
  EXPECT_EQ(convert({.to = U8, .from = U32}, 0x1ff), 0xffU);
  EXPECT_EQ(convert({.to = U8, .from = U32, .sat = true}, 0x1234), 0xffU);
  EXPECT_EQ(convert({.to = S8, .from = S32, .sat = true}, 0xffff0000), 0x80U);
  EXPECT_EQ(convert({.to = U16, .from = S32, .sat = true}, 0xffffffff), 0U);
  EXPECT_EQ(convert({.to = S32, .from = U32, .sat = true}, 0xffffffff),
            0x7fffffffU);
  EXPECT_EQ(convert({.to = S64, .from = U64, .sat = true}, ~uint64_t{0}),
            0x7fffffffffffffffU);
}

TEST(Convert, F64ToF32IsTheHosts) {
  Random random(31);
  const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  for (int i = 0; i < 200000; ++i) {
    double x = std::bit_cast<double>(random.f64Bits());
    if (i % 2) // beside an f32, and where f32 is subnormal
      x = f32(random.f32Bits()) * (1 + std::ldexp(i % 5 - 2, -25));
    if (std::isnan(x))
      continue;
    for (int m = 0; m < 4; ++m) {
      volatile double source = x;
      std::fesetround(modes[m]);
      volatile float expected = static_cast<float>(source);
      std::fesetround(FE_TONEAREST);
      Conversion c{.to = F32, .from = F64, .rounding = kIeeeRoundings[m]};
      ASSERT_EQ(convert(c, bits64(x)), bits32(expected)) << x;
    }
  }
}

TEST(Convert, RoundsToIntegralInPlace) {
  Random random(41);
  for (int i = 0; i < 100000; ++i) {
    float x = f32(random.f32Bits());
    if (i % 2)
      x = static_cast<float>(static_cast<int>(random.next() % 64) - 32) / 4;
    if (std::isnan(x))
      continue;
    const float expected[] = {std::nearbyint(x), std::trunc(x), std::floor(x),
                              std::ceil(x)};
    for (int m = 0; m < 4; ++m) {
      Conversion c{.to = F32,
                   .from = F32,
                   .rounding = kIeeeRoundings[m],
                   .integral = true};
      ASSERT_EQ(convert(c, bits32(x)), bits32(expected[m])) << x;
    }
  }
}

TEST(Convert, FtzFlushesF32OnBothSides) {
  EXPECT_EQ(convert({.to = F32, .from = F32, .ftz = true}, 0x80000001),
            0x80000000U);
  EXPECT_EQ(convert({.to = F64, .from = F32, .ftz = true}, 0x00000001), 0U);
  EXPECT_EQ(convert({.to = F32, .from = F64, .ftz = true}, bits64(0x1p-130)),
            0U);
  EXPECT_EQ(convert({.to = F32, .from = F64}, bits64(0x1p-149)), 1U);
  EXPECT_EQ(
      convert({.to = S32, .from = F32, .rounding = Rounding::Up, .ftz = true},
              1),
      0U);
  EXPECT_EQ(convert({.to = S32, .from = F32, .rounding = Rounding::Up}, 1), 1U);
  // f16 subnormals are not f32's.
  EXPECT_EQ(convert({.to = F32, .from = F16, .ftz = true}, 1),
            bits32(0x1p-24F));
}

TEST(Convert, SatReluAndSatfinite) {
  EXPECT_EQ(convert({.to = F16, .from = F32, .sat = true}, bits32(7)), 0x3c00U);
  EXPECT_EQ(convert({.to = F16, .from = F32, .sat = true}, 0x7fc00000), 0U);
  EXPECT_EQ(convert({.to = F32, .from = F64, .sat = true}, bits64(-0.0)), 0U);
  EXPECT_EQ(convert({.to = F32, .from = S32, .sat = true}, 5), bits32(1));
  EXPECT_EQ(convert({.to = Bf16, .from = F32, .relu = true}, bits32(-1)), 0U);
  EXPECT_EQ(convert({.to = Bf16, .from = F32, .relu = true}, bits32(-0.0F)),
            0U);
  EXPECT_EQ(convert({.to = Bf16, .from = F32, .relu = true}, 0xffc00000),
            0x7fffU);
  EXPECT_EQ(convert({.to = F16, .from = F32, .satfinite = true}, 0xff800000),
            0xfbffU);
  EXPECT_EQ(convert({.to = F16, .from = F32, .satfinite = true}, bits32(65519)),
            0x7bffU);
  EXPECT_EQ(convert({.to = F16, .from = F32}, bits32(65520)), 0x7c00U);
  EXPECT_EQ(convert({.to = F16, .from = F32, .rounding = Rounding::Zero},
                    bits32(1e9F)),
            0x7bffU);
  EXPECT_EQ(
      convert({.to = E4m3, .from = F32, .satfinite = true}, bits32(-1e9F)),
      0xfeU);
  EXPECT_EQ(convert({.to = E4m3, .from = F32, .satfinite = true}, 0xffc00000),
            0x7fU);
  EXPECT_EQ(convert({.to = E2m1, .from = F32, .satfinite = true}, 0xffc00000),
            0x7U);
  EXPECT_EQ(convert({.to = E3m2, .from = F32, .satfinite = true, .relu = true},
                    bits32(-3)),
            0U);
}

TEST(Convert, Tf32LiesInTheUpperBitsOfItsRegister) {
  Conversion away{.to = Tf32, .from = F32, .rounding = Rounding::NearestAway};
  EXPECT_EQ(convert(away, 0x3f801000), 0x3f802000U);
  EXPECT_EQ(convert(away, 0x3f800fff), 0x3f800000U);
  EXPECT_EQ(convert(away, 0x7f7fffff), 0x7f800000U);
  EXPECT_EQ(convert(away, 0x7fc00000), 0x7fffffffU);
  away.satfinite = true;
  EXPECT_EQ(convert(away, 0x7f7fffff), 0x7f7fe000U);
  EXPECT_EQ(convert(away, 0xff800000), 0xff7fe000U);
  Conversion even{.to = Tf32, .from = F32};
  EXPECT_EQ(convert(even, 0x3f801000), 0x3f800000U);
  EXPECT_EQ(convert(even, 0x3f803000), 0x3f804000U);
}

TEST(Convert, PackedOrderFirstOperandIsHigh) {
  Conversion c{.to = Bf16, .from = F32};
  EXPECT_EQ(convertPair(c, bits32(1), bits32(2)), 0x3f804000U);
  c.to = E4m3;
  c.satfinite = true;
  EXPECT_EQ(convertPair(c, bits32(1), bits32(448)), 0x387eU);
  c.to = E2m1;
  EXPECT_EQ(convertPair(c, bits32(6), bits32(-0.5F)), 0x79U);
  c.to = E2m3;
  EXPECT_EQ(convertPair(c, bits32(-7.5F), bits32(1)), 0x3f08U);
  Conversion up{.to = F16, .from = E4m3};
  EXPECT_EQ(convertPacked(up, 0x387e), 0x3c005f00U);
  up.from = E2m1;
  EXPECT_EQ(convertPacked(up, 0x79), 0x4600b800U);
  Conversion scale{.to = Bf16, .from = Ue8m0};
  EXPECT_EQ(convertPacked(scale, 0x7f00), 0x3f800040U);
  Conversion toScale{
      .to = Ue8m0, .from = Bf16, .rounding = Rounding::Up, .satfinite = true};
  EXPECT_EQ(convertPacked(toScale, 0x3fc0bf80), 0x807fU);
  Conversion down{.to = E5m2, .from = F16, .satfinite = true};
  EXPECT_EQ(convertPacked(down, 0x7c003c00), 0x7b3cU);
}

/// All codes of the narrow types to f16 and back, and f16 to them by search.
TEST(Convert, NarrowTypesEveryCode) {
  struct Row {
    NumberType type;
    const FloatFormat &format;
  };
  const Row rows[] = {{E4m3, kE4m3},
                      {E5m2, kE5m2},
                      {E2m1, kE2m1},
                      {E2m3, kE2m3},
                      {E3m2, kE3m2}};
  for (const Row &row : rows) {
    NearestSearch search(row.format);
    for (uint64_t code = 0; code < (uint64_t{1} << row.format.bits()); ++code) {
      uint64_t half = convert({.to = F16, .from = row.type}, code);
      double x = valueOf(kF16, half);
      uint64_t magnitude = code & (row.format.signBit() - 1);
      if (magnitude > row.format.maxFinite)
        continue;
      ASSERT_EQ(x, (code == magnitude ? 1 : -1) * search.positive()[magnitude]);
      Conversion back{.to = row.type, .from = F16, .satfinite = true};
      ASSERT_EQ(convert(back, half), code);
    }
    for (uint64_t half = 0; half < 65536; ++half) {
      double x = valueOf(kF16, half);
      if (!std::isfinite(x))
        continue;
      Conversion down{.to = row.type, .from = F16, .satfinite = true};
      ASSERT_EQ(convert(down, half), search.code(x, Rounding::Nearest, true));
    }
  }
}

} // namespace
