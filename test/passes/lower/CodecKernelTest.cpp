// Every code of every format, through the decoder that all kernels share.
#include "test/passes/lower/KernelHarness.h"
#include "test/reference/Codecs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace sluice;
using namespace sluice::test;

static std::string takeKernel(const std::string &table, int columns) {
  std::string y = "tensor<?x" + std::to_string(columns) + "xf32>";
  return "plan.kernel @k(%t: " + table +
         ", %i: tensor<?xi32>) rows #plan.expr<T> {\n %y = scaled.take %t[%i] "
         ": " +
         table + ", tensor<?xi32> -> " + y + "\n plan.yield %y : " + y + "\n}";
}

static void expectSame(float found, double expected, int code) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(found)) << "code " << code;
  else
    EXPECT_EQ(static_cast<double>(found), expected) << "code " << code;
}

/// Rows 0 .. rows-1 of a table.
static std::vector<float> takeAll(const std::string &table, int rows,
                                  int columns,
                                  std::vector<std::uint64_t> words) {
  std::vector<std::int32_t> index(rows);
  std::iota(index.begin(), index.end(), 0);
  std::vector<float> y(rows * columns);
  words.insert(words.end(), {word(index), word(y)});
  runKernel(takeKernel(table, columns), {.T = rows}, words, {bytesOf(y)});
  return y;
}

TEST(CodecKernelTest, EveryE4M3CodeIsExact) {
  std::vector<std::uint8_t> codes(256), scales{127, 127};
  std::iota(codes.begin(), codes.end(), 0);
  std::vector<float> y =
      takeAll("!scaled.tensor<2x128xf8E4M3FN, 1x128xf8E8M0FNU>", 2, 128,
              {word(codes), word(scales)});
  for (int code = 0; code < 256; ++code) {
    expectSame(y[code], reference::decodeE4M3(code), code);
    if (code == 0x80)
      EXPECT_TRUE(std::signbit(y[code]));
  }
}

TEST(CodecKernelTest, EveryE8M0CodeIsExact) {
  std::vector<std::uint8_t> ones(256 * 16, 0x38), scales(256); // 0x38: 1.0
  std::iota(scales.begin(), scales.end(), 0);
  std::vector<float> y =
      takeAll("!scaled.tensor<256x16xf8E4M3FN, 1x16xf8E8M0FNU>", 256, 16,
              {word(ones), word(scales)});
  for (int code = 0; code < 256; ++code)
    for (int c = 0; c < 16; ++c)
      expectSame(y[code * 16 + c], reference::decodeE8M0(code), code);
}

TEST(CodecKernelTest, EveryE2M1CodeIsExactLowNibbleFirst) {
  std::vector<std::uint8_t> packed(256), scales(16, 127);
  std::iota(packed.begin(), packed.end(), 0); // every pair of codes
  std::vector<float> y =
      takeAll("!scaled.tensor<16x32xf4E2M1FN, 1x32xf8E8M0FNU>", 16, 32,
              {word(packed), word(scales)});
  for (int pair = 0; pair < 256; ++pair) {
    expectSame(y[2 * pair], reference::decodeE2M1(pair & 15), pair);
    expectSame(y[2 * pair + 1], reference::decodeE2M1(pair >> 4), pair);
  }
}

TEST(CodecKernelTest, EveryBf16CodeIsExact) {
  std::vector<std::uint16_t> codes(65536);
  std::iota(codes.begin(), codes.end(), 0);
  std::vector<float> y =
      takeAll("tensor<256x256xbf16>", 256, 256, {word(codes)});
  for (int code = 0; code < 65536; ++code)
    expectSame(y[code], reference::decodeBf16(code), code);
}
