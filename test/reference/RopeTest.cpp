#include "test/reference/Rope.h"
#include "test/reference/RmsNorm.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

namespace sluice::reference {
namespace {

TEST(RopeTest, YarnOfTheReleasedModelsLeaves16PairsAndStretches7) {
  const Values plain = plainFrequencies(160000, 64);
  const Values yarn = yarnFrequencies(160000, 64, {16, 65536, 32, 1});
  ASSERT_EQ(yarn.size(), 32u);
  EXPECT_EQ(plain[0], 1);
  EXPECT_NEAR(plain[16], 1 / std::sqrt(160000.0), 1e-15);
  for (int j = 0; j <= 15; ++j)
    EXPECT_EQ(yarn[j], plain[j]) << j;
  for (int j = 25; j < 32; ++j)
    EXPECT_NEAR(yarn[j] * 16, plain[j], 1e-18) << j;
  EXPECT_NEAR(yarn[20], plain[20] * (0.5 / 16 + 0.5), 1e-18);
}

TEST(RopeTest, TurnsInterleavedPairsOfTheTail) {
  const Rope quarter{{std::numbers::pi / 2, 0}, 1};
  Values x = {1, 2, 3, 4, 5, 6}; // width 6, four channels turn
  const std::int64_t position = 1;
  rotate(x, {&position, 1}, 1, 6, quarter);
  EXPECT_EQ(x[0], 1);
  EXPECT_EQ(x[1], 2);
  EXPECT_NEAR(x[2], -4, 1e-12); // (a, b) -> (-b, a)
  EXPECT_NEAR(x[3], 3, 1e-12);
  EXPECT_EQ(x[4], 5); // frequency 0
  EXPECT_EQ(x[5], 6);
}

TEST(RopeTest, EveryHeadTurnsByItsRowsPosition) {
  const Rope rope{{0.3}, 1};
  Values x = {1, 0, 1, 0, 1, 0, 1, 0}; // two rows of two heads of width 2
  const std::int64_t positions[] = {5, 9};
  rotate(x, positions, 2, 2, rope);
  EXPECT_NEAR(x[2], std::cos(1.5), 1e-12);
  EXPECT_NEAR(x[7], std::sin(2.7), 1e-12);
}

TEST(RopeTest, InverseUndoesIt) {
  const Rope rope{plainFrequencies(10000, 4), 1};
  const Values before = {1, -2, 3, 0.5, -4};
  Values x = before;
  const std::int64_t position = 1234;
  rotate(x, {&position, 1}, 1, 5, rope);
  EXPECT_GT(std::abs(x[1] - before[1]), 1e-3);
  rotate(x, {&position, 1}, 1, 5, rope, Direction::Inverse);
  for (int i = 0; i < 5; ++i)
    EXPECT_NEAR(x[i], before[i], 1e-12);
}

TEST(RmsNormTest, DividesByTheRootOfTheMeanSquareAndEpsilon) {
  const Values x = {3, 4, 0, 0};
  EXPECT_EQ(rmsNorm(x, {}, 2, 2, 3.5), (Values{0.75, 1, 0, 0}));
  EXPECT_EQ(rmsNorm(x, Values{2, 10}, 2, 2, 3.5), (Values{1.5, 10, 0, 0}));
}

} // namespace
} // namespace sluice::reference
