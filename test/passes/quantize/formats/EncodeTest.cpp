#include "passes/quantize/formats/BlockFormat.h"
#include "passes/quantize/formats/EncodeFp8.h"
#include "passes/quantize/formats/EncodeMxfp4.h"
#include "passes/quantize/formats/ScaleExponent.h"
#include "test/passes/quantize/formats/PlainEncoder.h"
#include "test/reference/Codecs.h"

#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace sluice {
namespace {

using reference::decodeE2M1;
using reference::decodeE4M3;
using test::nearestE2M1;
using test::nearestE4M3;

bool isNan(int code) { return (code & 0x7f) == 0x7f; }

TEST(EncodeE4M3Test, EveryCodeComesBack) {
  for (int code = 0; code < 256; ++code)
    if (!isNan(code))
      EXPECT_EQ(encodeE4M3(float(decodeE4M3(uint8_t(code)))), code);
}

TEST(EncodeE2M1Test, EveryCodeComesBack) {
  for (int code = 0; code < 16; ++code)
    EXPECT_EQ(encodeE2M1(float(decodeE2M1(uint8_t(code)))), code);
}

// Halfway between two codes the even one wins; the next f32 on either side
// belongs to the nearer.
TEST(EncodeE4M3Test, EveryMidpoint) {
  for (int code = 0; code < 0x7e; ++code) {
    float middle =
        float((decodeE4M3(uint8_t(code)) + decodeE4M3(uint8_t(code + 1))) / 2);
    int even = code + (code & 1);
    for (int sign : {0, 0x80}) {
      float m = sign ? -middle : middle;
      EXPECT_EQ(encodeE4M3(m), even | sign) << m;
      EXPECT_EQ(encodeE4M3(std::nextafter(m, 0.0F)), code | sign) << m;
      EXPECT_EQ(encodeE4M3(std::nextafter(m, m * 2)), (code + 1) | sign) << m;
    }
  }
}

TEST(EncodeE2M1Test, EveryMidpoint) {
  for (int code = 0; code < 7; ++code) {
    float middle =
        float((decodeE2M1(uint8_t(code)) + decodeE2M1(uint8_t(code + 1))) / 2);
    int even = code + (code & 1);
    for (int sign : {0, 8}) {
      float m = sign ? -middle : middle;
      EXPECT_EQ(encodeE2M1(m), even | sign) << m;
      EXPECT_EQ(encodeE2M1(std::nextafter(m, 0.0F)), code | sign) << m;
      EXPECT_EQ(encodeE2M1(std::nextafter(m, m * 2)), (code + 1) | sign) << m;
    }
  }
}

TEST(EncodeE2M1Test, TheTiesOfTheSpecification) {
  const std::array<std::array<float, 2>, 7> ties = {{{0.25F, 0},
                                                     {0.75F, 1},
                                                     {1.25F, 1},
                                                     {1.75F, 2},
                                                     {2.5F, 2},
                                                     {3.5F, 4},
                                                     {5, 4}}};
  for (auto [value, rounded] : ties)
    EXPECT_EQ(decodeE2M1(encodeE2M1(value)), rounded) << value;
}

TEST(EncodeE4M3Test, EveryFiniteBf16) {
  for (uint32_t high = 0; high < 0x10000; ++high) {
    float value = std::bit_cast<float>(high << 16);
    if (std::isfinite(value))
      ASSERT_EQ(encodeE4M3(value), nearestE4M3(value)) << value;
  }
}

TEST(EncodeE2M1Test, EveryFiniteBf16) {
  for (uint32_t high = 0; high < 0x10000; ++high) {
    float value = std::bit_cast<float>(high << 16);
    if (std::isfinite(value))
      ASSERT_EQ(encodeE2M1(value), nearestE2M1(value)) << value;
  }
}

struct ScaleCase {
  float largest;
  int exponent;
};

// The table of the specification, 8.2; its FP8 rule has a floor of 1e-4.
TEST(ScaleExponentTest, Fp8) {
  for (auto [largest, exponent] :
       {ScaleCase{1e-6F, -22}, {1, -8}, {3.5F, -7}, {448, 0}, {449, 1}})
    EXPECT_EQ(scaleExponent(largest, mostFp8, 1e-4F), exponent) << largest;
}

TEST(ScaleExponentTest, Mxfp4) {
  for (auto [largest, exponent] :
       {ScaleCase{0, -126}, {1, -2}, {5, 0}, {6, 0}, {6.5F, 1}})
    EXPECT_EQ(scaleExponent(largest, mostMxfp4, weightFloor(mostMxfp4)),
              exponent)
        << largest;
  EXPECT_EQ(scaleCode(-126), 1);
  EXPECT_EQ(scaleCode(0), 127);
}

TEST(ScaleExponentTest, TheLargestF32) {
  float most = std::numeric_limits<float>::max();
  EXPECT_EQ(scaleExponent(most, mostMxfp4, weightFloor(mostMxfp4)), 126);
  EXPECT_EQ(scaleExponent(most, mostFp8, weightFloor(mostFp8)), 120);
}

TEST(ScaleExponentTest, Powers) {
  for (int e = -126; e <= 127; ++e) {
    EXPECT_EQ(powerOfTwo(e), std::ldexp(1.0F, e));
    EXPECT_EQ(powerOfFour(e), std::ldexp(1.0, 2 * e));
  }
}

} // namespace
} // namespace sluice
