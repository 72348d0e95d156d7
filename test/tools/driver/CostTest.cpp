// Sums of expressions as people read them, and costs of plans that do not
// record them.

#include "test/runtime/plan/Inspected.h"
#include "test/runtime/plan/TestPlan.h"
#include "tools/driver/DumpCost.h"
#include "tools/driver/ExprSum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace sluice;
using testing::ElementsAre;
using testing::SizeIs;

namespace {

constexpr int64_t largest = std::numeric_limits<int64_t>::max();

/// Expressions as a plan has them, and their sums.
class Sums {
public:
  ExprSum operator()(std::vector<ExprStep> steps) {
    Status status = table.append(steps);
    EXPECT_TRUE(status.ok()) << status.message();
    return {table, count++};
  }

private:
  ExprTable table;
  uint32_t count = 0;
};

ExprStep number(int64_t value) { return {value, ExprStep::Constant}; }
ExprStep symbol(Symbol which) {
  return {static_cast<int64_t>(which), ExprStep::Symbol};
}
const ExprStep T = symbol(Symbol::T), N = symbol(Symbol::N);
const ExprStep add = {0, ExprStep::Add}, mul = {0, ExprStep::Mul};
const ExprStep least = {0, ExprStep::Min}, most = {0, ExprStep::Max};
const ExprStep floorDiv = {0, ExprStep::FloorDiv};
const ExprStep ceilDiv = {0, ExprStep::CeilDiv}, mod = {0, ExprStep::Mod};

std::string print(std::vector<ExprStep> steps) {
  return Sums()(std::move(steps)).print();
}

std::vector<std::string> texts(const std::vector<Cell> &row) {
  std::vector<std::string> all;
  for (const Cell &cell : row)
    all.push_back(cell.text);
  return all;
}

} // namespace

TEST(ExprSumTest, EqualTermsAreOne) {
  EXPECT_EQ(print({number(0)}), "0");
  EXPECT_EQ(print({number(7)}), "7");
  EXPECT_EQ(print({T}), "T");
  EXPECT_EQ(print({T, T, add}), "2 * T");
  EXPECT_EQ(print({T, number(0), mul}), "0");
  // (T + 3) * (4 * N + T) and 2 * T.
  EXPECT_EQ(print({T, number(3), add, number(4), N, mul, T, add, mul, //
                   T, number(2), mul, add}),
            "12 * N + 4 * N * T + 5 * T + T * T");
}

TEST(ExprSumTest, OtherOperationsAreFactors) {
  EXPECT_EQ(print({T, number(6), mul, number(384), least, number(10), mul}),
            "10 * min(6 * T, 384)");
  EXPECT_EQ(print({T, N, most}), "max(T, N)");
  EXPECT_EQ(print({T, number(1), add, number(4), floorDiv, T, mul}),
            "((1 + T) floordiv 4) * T");
  EXPECT_EQ(print({T, number(4), ceilDiv}), "(T ceildiv 4)");
  EXPECT_EQ(print({T, number(4), mod}), "(T mod 4)");
  EXPECT_EQ(print({number(4), number(9), least}), "4");
  EXPECT_EQ(print({number(4), number(9), most}), "9");
}

TEST(ExprSumTest, Added) {
  Sums sums;
  ExprSum sum = sums({T, number(5), add});
  sum.add(sums({T, number(2), mul}), 3);
  sum.add(ExprSum());
  EXPECT_EQ(sum.print(), "5 + 7 * T");
}

TEST(ExprSumTest, TooLargeAndTooLong) {
  EXPECT_EQ(print({T, number(largest), mul, number(2), mul}), "inf * T");
  ExprSum sum = ExprSum::number(largest);
  sum.add(ExprSum::number(1));
  EXPECT_EQ(sum.print(), "inf");
  // (T + min(T, 1)) * (T + min(T, 2)) * ...: twice the terms with each.
  std::vector<ExprStep> steps = {number(1)};
  for (int64_t i = 1; i <= 20; ++i)
    steps.insert(steps.end(), {T, T, number(i), least, add, mul});
  std::string text = print(steps);
  EXPECT_LT(text.size(), 1000u); // as the plan has it
  EXPECT_THAT(text, testing::HasSubstr("(T min 20)"));
}

TEST(DumpCostTest, OfAPlanByHand) {
  Inspected inspected(soundPlan().file());
  ASSERT_TRUE(inspected.status().ok()) << inspected.status().message();
  const PlanView &plan = inspected.plan();
  Table kernels = dumpCost(plan, 0);
  ASSERT_THAT(kernels.rows, SizeIs(3));
  // Kernel "mix": 128 bytes of a row for the buffer of the launch, twice so
  // many for that between its stages.
  EXPECT_THAT(texts(kernels.rows[0]),
              ElementsAre("0", "mix", "T <= 8", "1", "2", "128 * T", "1",
                          "384 * T", "(T ceildiv 16)"));
  EXPECT_THAT(texts(kernels.rows[1]),
              ElementsAre("0", "mix", "", "1", "1", "128 * T", "1", "128 * T",
                          "(T ceildiv 16)"));
  // Kernel "head" does not say.
  EXPECT_THAT(texts(kernels.rows[2]),
              ElementsAre("1", "head", "", "1", "1", "", "", //
                          "128 * L + 128 * T", ""));
  Table step = dumpStepCost(plan, 0);
  ASSERT_THAT(step.rows, SizeIs(2));
  EXPECT_THAT(texts(step.rows[0]),
              ElementsAre("T <= 8", "2", "3", "", "", "128 * L + 512 * T", ""));
  EXPECT_THAT(texts(step.rows[1]),
              ElementsAre("", "2", "2", "", "", "128 * L + 256 * T", ""));
  EXPECT_EQ(step.rows[0][3].json, "null");
}

TEST(DumpCostTest, Examples) {
  TestPlan plan = soundPlan();
  plan.kernels[1].cost = plan.kernels[0].cost;
  Inspected inspected(plan.file());
  ASSERT_TRUE(inspected.status().ok()) << inspected.status().message();
  ContextOptions options;
  options.maxContext = 100;
  options.maxRows = 40;
  Table examples = dumpCostExamples(inspected.plan(), options, 0);
  ASSERT_THAT(examples.rows, SizeIs(2));
  // 128 * T FLOPs and a byte of weights in each of two launches; 512 * T and
  // 256 * T bytes of buffers, as the guard holds or not.
  EXPECT_THAT(texts(examples.rows[0]),
              ElementsAre("decode", "1", "1", "1", "100", "2", "3", "256",
                          "2 B", "640 B", "2 B"));
  EXPECT_THAT(texts(examples.rows[1]),
              ElementsAre("prefill", "40", "1", "1", "40", "2", "2", "10240",
                          "2 B", "10.1 KiB", "6 B"));
}
