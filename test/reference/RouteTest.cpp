#include "test/reference/Route.h"

#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

using Ids = std::vector<std::int64_t>;

double logitOf(double score) { return std::log(std::expm1(score * score)); }

TEST(RouteTest, BiasChoosesButNeverWeighs) {
  const Values logits = {logitOf(1), logitOf(2), logitOf(3)};
  const Values bias = {5, 0, 0};
  const Routing r = routeLearned(logits, bias, 2, {1, 3, 2});
  EXPECT_EQ(r.experts, (Ids{0, 2}));
  EXPECT_NEAR(r.weights[0], 2 * 1.0 / 4, 1e-12);
  EXPECT_NEAR(r.weights[1], 2 * 3.0 / 4, 1e-12);
  EXPECT_NEAR(r.margin[0], 3 - 2, 1e-12);
}

TEST(RouteTest, TiesGoToTheSmallerExpert) {
  const Routing r = routeLearned(Values(4, 0.5), Values(4), 1, {1, 4, 2});
  EXPECT_EQ(r.experts, (Ids{0, 1}));
  EXPECT_EQ(r.margin[0], 0);
}

TEST(RouteTest, ChoosingEveryExpertLeavesNoMargin) {
  EXPECT_EQ(routeLearned(Values{1, 2}, Values(2), 1, {1, 2, 2}).margin[0],
            noChoice);
}

TEST(RouteTest, TheTableChoosesByTokenAndTheLogitsWeigh) {
  const Ids table = {0, 1, 2, 0}; // token 1: experts 2 and 0
  const Ids ids = {1};
  const Values logits = {logitOf(1), logitOf(7), logitOf(3)};
  const Routing r = routeByTable(logits, table, ids, 1, {1, 3, 2});
  EXPECT_EQ(r.experts, (Ids{0, 2}));
  EXPECT_NEAR(r.weights[0], 0.25, 1e-12);
  EXPECT_EQ(r.margin[0], noChoice);
}

TEST(RouteTest, LargeLogitsDoNotOverflow) {
  const Routing r = routeLearned(Values{900, 100}, Values(2), 1, {1, 2, 2});
  EXPECT_NEAR(r.weights[0], 30.0 / 40, 1e-12);
}

} // namespace
} // namespace sluice::reference
