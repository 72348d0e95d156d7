#include "test/reference/Codecs.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

// The oracle builds values from fields. Here they are derived a second way: the
// exponent and mantissa bits laid into an f32, which is then rescaled.

TEST(CodecsTest, E4M3OfEveryCodeIsItsBitsInAnF32Rescaled) {
  for (unsigned code = 0; code < 256; ++code) {
    const double value = decodeE4M3(std::uint8_t(code));
    if ((code & 127) == 127) {
      EXPECT_TRUE(std::isnan(value)) << code;
      continue;
    }
    const std::uint32_t bits = (code & 128) << 24 | (code & 127) << 20;
    EXPECT_EQ(value, std::ldexp(double(std::bit_cast<float>(bits)), 120))
        << code;
    EXPECT_EQ(std::signbit(value), code >= 128) << code;
  }
  EXPECT_EQ(decodeE4M3(0x7e), 448);
  EXPECT_EQ(decodeE4M3(0x01), std::ldexp(1.0, -9));
  EXPECT_EQ(decodeE4M3(0x38), 1);
}

TEST(CodecsTest, E8M0OfEveryCodeIsAnF32Exponent) {
  EXPECT_EQ(decodeE8M0(0), std::ldexp(1.0, -127)); // subnormal as an f32
  for (unsigned code = 1; code < 255; ++code)
    EXPECT_EQ(decodeE8M0(std::uint8_t(code)),
              double(std::bit_cast<float>(code << 23)));
  EXPECT_TRUE(std::isnan(decodeE8M0(255)));
}

TEST(CodecsTest, E2M1OfEveryCodeIsItsBitsInAnF32Rescaled) {
  for (unsigned code = 0; code < 16; ++code) {
    const std::uint32_t bits = (code & 8) << 28 | (code & 7) << 22;
    const double expected = std::ldexp(double(std::bit_cast<float>(bits)), 126);
    EXPECT_EQ(decodeE2M1(std::uint8_t(code)), expected) << code;
    EXPECT_EQ(std::signbit(decodeE2M1(std::uint8_t(code))), code >= 8);
  }
}

TEST(CodecsTest, E2M1LooksAtTheLowNibbleOnly) {
  EXPECT_EQ(decodeE2M1(0xf2), 1);
  EXPECT_EQ(decodeE2M1(0x0f), -6);
}

TEST(CodecsTest, Bf16IsTheHighHalfOfAnF32) {
  EXPECT_EQ(decodeBf16(0x3f80), 1);
  EXPECT_EQ(decodeBf16(0xc040), -3);
  EXPECT_EQ(decodeBf16(0x0001), std::ldexp(1.0, -133));
}

} // namespace
} // namespace sluice::reference
