#include "test/reference/Experts.h"

#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

double silu(double x) { return x / (1 + std::exp(-x)); }

TEST(ExpertsTest, TheGateIsLimitedAboveAndUpOnBothSides) {
  const Values gate = {5, -5, 1}, up = {1, 3, -3};
  const Values y = glu(gate, up, 2);
  EXPECT_NEAR(y[0], silu(2), 1e-12);
  EXPECT_NEAR(y[1], silu(-5) * 2, 1e-12);
  EXPECT_NEAR(y[2], silu(1) * -2, 1e-12);
}

TEST(ExpertsTest, NoLimitClipsNothing) {
  EXPECT_NEAR(glu(Values{50}, Values{-70}, 0)[0], silu(50) * -70, 1e-9);
}

TEST(ExpertsTest, EachTokenSumsItsExpertsByWeight) {
  // Experts of one channel that differ in their last matrix only.
  const Values gate = {1, 1, 1}, up = {1, 1, 1}, down = {10, 100, 1000};
  const Routing routing{{0, 2, 1, 2}, {0.5, 0.25, 1, 2}, {}};
  const Values x = {1, 2};
  const Values y = experts(x, {gate, up, down, 1, 1}, routing, {2, 3, 2}, 10);
  EXPECT_NEAR(y[0], silu(1) * (0.5 * 10 + 0.25 * 1000), 1e-9);
  EXPECT_NEAR(y[1], silu(2) * 2 * (100 + 2 * 1000), 1e-9);
}

TEST(LinearTest, GroupsSeeTheirOwnChannelsOnly) {
  const Values x = {1, 2, 3, 4}; // two groups of two channels
  const Values w = {1, 0, 0, 1, 5, 6, 7, 8};
  EXPECT_EQ(groupedLinear(x, w, 1, 2, 2, 2), (Values{1, 2, 39, 53}));
}

TEST(LinearTest, LongRowsSumWhole) {
  Values a(19), b(19, 2);
  for (int i = 0; i < 19; ++i)
    a[i] = i;
  EXPECT_EQ(dot(a.data(), b.data(), 19), 2 * 171);
}

} // namespace
} // namespace sluice::reference
