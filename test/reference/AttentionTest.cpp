#include "test/reference/Attention.h"

#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

// Keys are values, so with q = 0 every seen row and the sink weigh the same
// when the sink is 0: the output is the sum of the rows over (rows + 1).

const Values rows = {1, 2, 4, 8, 16}; // five tokens of width 1
constexpr double never = -1e300;

TEST(AttentionTest, TheWindowIncludesTheQueryItself) {
  const std::int64_t positions[] = {0, 4};
  const Values out = attend(Values(2), positions, Values{never}, 1, 1, 1,
                            {rows, 3, {}, 0, {}, 0});
  EXPECT_NEAR(out[0], 1, 1e-12);
  EXPECT_NEAR(out[1], (4 + 8 + 16) / 3.0, 1e-12);
}

TEST(AttentionTest, TheSinkIsInTheDenominatorOnly) {
  const std::int64_t positions[] = {4};
  const Values out = attend(Values(2), positions, Values{0, std::log(5.0)}, 2,
                            1, 1, {rows, 3, {}, 0, {}, 0});
  EXPECT_NEAR(out[0], 28 / 4.0, 1e-12);
  EXPECT_NEAR(out[1], 28 / 8.0, 1e-12);
}

TEST(AttentionTest, AnEntryIsSeenByTheTokenThatClosesIt) {
  const Values entries = {100, 1000};
  const std::int64_t positions[] = {2, 3};
  const Values out = attend(Values(2), positions, Values{never}, 1, 1, 1,
                            {rows, 1, entries, 2, {}, 0});
  EXPECT_NEAR(out[0], (4 + 100) / 2.0, 1e-9);
  EXPECT_NEAR(out[1], (8 + 100 + 1000) / 3.0, 1e-9);
}

TEST(AttentionTest, OnlyPickedEntriesAreSeen) {
  const Values entries = {100, 1000};
  const std::int64_t positions[] = {4};
  const std::int64_t picks[] = {1, -1};
  const Values out = attend(Values(1), positions, Values{never}, 1, 1, 1,
                            {rows, 1, entries, 2, picks, 2});
  EXPECT_NEAR(out[0], (16 + 1000) / 2.0, 1e-9);
}

TEST(AttentionTest, WeightsFollowTheScaledProduct) {
  const std::int64_t positions[] = {1};
  const Values q = {std::log(3.0)}; // 0.5 * ln 3 * (2 - 1) apart
  const Values out =
      attend(q, positions, Values{never}, 1, 1, 0.5, {rows, 2, {}, 0, {}, 0});
  const double weight = std::sqrt(3.0);
  EXPECT_NEAR(out[0], (1 + 2 * weight) / (1 + weight), 1e-12);
}

} // namespace
} // namespace sluice::reference
