#include "passes/quantize/formats/EncodeFp8.h"
#include "passes/quantize/formats/EncodeMxfp4.h"
#include "test/passes/quantize/formats/PlainEncoder.h"

#include <gtest/gtest.h>
#include <limits>

namespace sluice {
namespace {

using namespace test;

void expectClose(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 1e-5 * std::fabs(expected));
}

void checkStrip(Matrix &m) {
  int64_t blocks = (m.columns + 127) / 128;
  std::vector<uint8_t> codes(m.values.size()), scales(size_t(blocks), 0);
  Distortion cost = encodeFp8Strip(m.view(), codes.data(), scales.data());
  Distortion due;
  for (int64_t b = 0; b < blocks; ++b) {
    double largest = 0;
    auto inBlock = [&](auto visit) {
      for (int64_t row = 0; row < m.rows; ++row)
        for (int64_t c = b * 128; c < std::min(b * 128 + 128, m.columns); ++c)
          visit(size_t(row * m.columns + c));
    };
    inBlock([&](size_t i) {
      largest = std::max(largest, std::fabs(double(m.values[i])));
    });
    int exponent = leastExponent(largest, 448);
    ASSERT_EQ(scales[size_t(b)], exponent + 127);
    double scale = std::ldexp(1.0, exponent);
    inBlock([&](size_t i) {
      ASSERT_EQ(codes[i], nearestE4M3(m.values[i] / scale)) << m.values[i];
      double error = m.values[i] - scale * reference::decodeE4M3(codes[i]);
      due += {double(m.values[i]) * m.values[i], error * error};
    });
  }
  expectClose(cost.signal, due.signal);
  expectClose(cost.noise, due.noise);
}

TEST(EncodeFp8StripTest, OddShapesAndBothTypes) {
  unsigned seed = 1;
  for (DType dtype : {DType::F32, DType::BF16})
    for (int64_t rows : {1, 3, 128})
      for (int64_t columns : {1, 15, 16, 17, 127, 128, 129, 300}) {
        ++seed;
        Matrix m(dtype, rows, columns, seed, std::ldexp(1.0, int(seed) - 20));
        checkStrip(m);
      }
}

TEST(EncodeFp8StripTest, ExtremesOfF32) {
  Matrix m(DType::F32, 2, 384, 7);
  for (int64_t i = 0; i < 768; ++i) // a block of zeros and one of subnormals
    m.set(i, i % 384 < 128   ? 0.0F
             : i % 384 < 256 ? std::ldexp(float(i % 7), -149)
                             : m.values[size_t(i)]);
  m.set(300, std::numeric_limits<float>::max());
  m.set(3, -0.0F);
  checkStrip(m);
}

void checkGroups(Matrix &m, const Mxfp4Options &options) {
  int64_t groups = m.columns / 32;
  std::vector<uint8_t> codes(m.values.size() / 2);
  std::vector<uint8_t> scales(size_t(m.rows * groups));
  Distortion cost =
      encodeMxfp4Rows(m.view(), options, codes.data(), scales.data());
  Distortion due;
  for (size_t g = 0; g < scales.size(); ++g) {
    const float *x = m.values.data() + g * 32;
    const float *importance = options.importance
                                  ? options.importance + g % size_t(groups) * 32
                                  : nullptr;
    double largest = 0;
    for (int i = 0; i < 32; ++i)
      largest = std::max(largest, std::fabs(double(x[i])));
    int exponent = scales[g] - 127, plain = leastExponent(largest, 6);
    if (options.scales == ScaleChoice::PowerOfTwo) {
      ASSERT_EQ(exponent, plain);
    } else { // no scale at all is better, but for what f32 sums cannot tell
      double its = lossOf(x, 32, exponent, importance);
      for (int e = std::max(plain - 12, -127); e <= plain + 3; ++e)
        ASSERT_LE(its, lossOf(x, 32, e, importance) * (1 + 1e-5)) << e - plain;
    }
    double scale = std::ldexp(1.0, exponent);
    for (size_t i = 0; i < 32; ++i) {
      uint8_t code = codes[g * 16 + i / 2] >> (i % 2 * 4) & 15;
      ASSERT_EQ(code, nearestE2M1(x[i] / scale)) << x[i];
      double error = x[i] - scale * reference::decodeE2M1(code);
      due += {double(x[i]) * x[i], error * error};
    }
  }
  expectClose(cost.signal, due.signal);
  expectClose(cost.noise, due.noise);
}

TEST(EncodeMxfp4RowsTest, PowerOfTwo) {
  unsigned seed = 100;
  for (DType dtype : {DType::F32, DType::BF16})
    for (int64_t columns : {32, 64, 96, 160}) {
      ++seed;
      Matrix m(dtype, 5, columns, seed, std::ldexp(1.0, int(seed) - 110));
      checkGroups(m, {});
    }
}

TEST(EncodeMxfp4RowsTest, SearchFindsTheLeastError) {
  for (DType dtype : {DType::F32, DType::BF16}) {
    Matrix m(dtype, 200, 64, 5);
    checkGroups(m, {ScaleChoice::Search, nullptr});
  }
}

// Every row of these is as bad for two steps down as the bound allows: one
// number just above 3 units, 31 halfway between two codes.
TEST(EncodeMxfp4RowsTest, OneStepIsEnoughWithoutWeights) {
  Matrix m(DType::F32, 31, 32, 0);
  for (int64_t row = 0; row < m.rows; ++row)
    for (int64_t i = 0; i < 32; ++i)
      m.set(row * 32 + i, i == 0     ? 3.0001F
                          : i <= row ? 0.25F
                                     : float(i % 4) * 0.25F + 0.25F);
  checkGroups(m, {ScaleChoice::Search, nullptr});
}

TEST(EncodeMxfp4RowsTest, SearchWithWeights) {
  Matrix m(DType::F32, 60, 96, 6);
  std::vector<float> importance(96);
  std::mt19937 random(3);
  std::lognormal_distribution<float> heavy(0, 3);
  for (float &weight : importance)
    weight = heavy(random);
  checkGroups(m, {ScaleChoice::Search, importance.data()});
}

TEST(EncodeMxfp4RowsTest, ZerosAndExtremes) {
  Matrix m(DType::F32, 4, 32, 8);
  for (int64_t i = 0; i < 32; ++i) {
    m.set(i, i % 2 ? 0.0F : -0.0F);
    m.set(32 + i, std::ldexp(float(i), -149));
    m.set(64 + i, std::numeric_limits<float>::max() / float(i + 1));
  }
  checkGroups(m, {});
  for (int64_t i = 0; i < 32; ++i) // squares of these do not fit f32
    m.set(32 + i, float(i));
  checkGroups(m, {ScaleChoice::Search, nullptr});
}

TEST(EncodeMxfp4RowsTest, SearchedIsNoWorseThanPlain) {
  Matrix m(DType::BF16, 128, 512, 9);
  std::vector<uint8_t> codes(128 * 256), scales(128 * 16);
  Distortion plain = encodeMxfp4Rows(m.view(), {}, codes.data(), scales.data());
  Distortion found = encodeMxfp4Rows(m.view(), {ScaleChoice::Search, nullptr},
                                     codes.data(), scales.data());
  EXPECT_LT(found.noise, 0.95 * plain.noise);
  ASSERT_TRUE(found.decibels());
  EXPECT_GT(*found.decibels(), *plain.decibels());
}

TEST(DistortionTest, WithoutNoiseThereAreNoDecibels) {
  EXPECT_FALSE((Distortion{1, 0}.decibels()));
  EXPECT_DOUBLE_EQ((Distortion{100, 1}.decibels().value()), 20);
}

TEST(FirstNotFiniteTest, FindsEachPlace) {
  float inf = std::numeric_limits<float>::infinity();
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (DType dtype : {DType::F32, DType::BF16})
    for (float bad : {inf, -inf, nan}) {
      for (int64_t at = 0; at < 3 * 19; ++at) {
        Matrix m(dtype, 3, 19, unsigned(at));
        EXPECT_FALSE(firstNotFinite(m.view()));
        m.set(at, bad);
        m.set(56, bad);
        EXPECT_EQ(firstNotFinite(m.view()), at);
      }
    }
  Matrix largest(DType::F32, 1, 1, 0);
  largest.set(0, std::numeric_limits<float>::max());
  EXPECT_FALSE(firstNotFinite(largest.view()));
}

} // namespace
} // namespace sluice
