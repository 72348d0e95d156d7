#include "test/reference/Select.h"

#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

using Ids = std::vector<std::int64_t>;

TEST(SelectTest, TheBestVisibleAscendAndMinusOneComesLast) {
  const Values scores = {1, 5, 2, 9, 1, 5, 2, 9};
  const Ids visible = {3, 1};
  const Picks picks = selectTop(scores, visible, 2, 4);
  EXPECT_EQ(picks.entries, (Ids{1, 2, 0, -1}));
  EXPECT_EQ(picks.margin, (Values{2 - 1, noChoice}));
}

TEST(SelectTest, TiesGoToTheSmallerIndex) {
  const Ids visible = {4};
  EXPECT_EQ(selectTop(Values(4), visible, 2, 4).entries, (Ids{0, 1}));
}

TEST(SelectTest, NothingVisibleIsNothingPicked) {
  const Ids visible = {0};
  EXPECT_EQ(selectTop({}, visible, 2, 0).entries, (Ids{-1, -1}));
}

TEST(SelectTest, NegativeProductsCountAsZeroBeforeTheGate) {
  // Two heads of width 1; the second head's gate is negative.
  const Values q = {1, 1}, gate = {2, -1}, keys = {3, -4};
  EXPECT_EQ(indexerScores(q, gate, keys, 0.5, {1, 2, 1, 2}),
            (Values{0.5 * (6 - 3), 0}));
}

} // namespace
} // namespace sluice::reference
