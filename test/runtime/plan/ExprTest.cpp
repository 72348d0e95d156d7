#include "runtime/plan/Expr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace sluice;
using testing::HasSubstr;

namespace {

constexpr int64_t largest = std::numeric_limits<int64_t>::max();
constexpr int64_t smallest = std::numeric_limits<int64_t>::min();

ExprStep constant(int64_t value) { return {value, ExprStep::Constant}; }
ExprStep symbol(Symbol which) {
  return {static_cast<int64_t>(which), ExprStep::Symbol};
}

int64_t evaluate(std::vector<ExprStep> steps, SymbolValues values = {}) {
  ExprTable table;
  Status status = table.append(steps);
  EXPECT_TRUE(status.ok()) << status.message();
  return status.ok() ? table.evaluate(0, values) : -100;
}

int64_t apply(ExprStep::Op op, int64_t a, int64_t b) {
  return evaluate({constant(a), constant(b), {0, op}});
}

} // namespace

TEST(ExprTest, Arithmetic) {
  EXPECT_EQ(apply(ExprStep::Add, 3, 4), 7);
  EXPECT_EQ(apply(ExprStep::Mul, 3, 4), 12);
  EXPECT_EQ(apply(ExprStep::FloorDiv, 7, 2), 3);
  EXPECT_EQ(apply(ExprStep::CeilDiv, 7, 2), 4);
  EXPECT_EQ(apply(ExprStep::CeilDiv, 8, 2), 4);
  EXPECT_EQ(apply(ExprStep::Mod, 7, 4), 3);
  EXPECT_EQ(apply(ExprStep::Min, -3, 4), ExprTable::Negative);
  EXPECT_EQ(apply(ExprStep::Max, -3, 4), 4);
}

// Division rounds down, so that a mod b has the sign of b.
TEST(ExprTest, NegativeOperands) {
  EXPECT_EQ(apply(ExprStep::FloorDiv, -7, -2), 3);
  EXPECT_EQ(apply(ExprStep::CeilDiv, -7, -2), 4);
  EXPECT_EQ(apply(ExprStep::Mod, -7, 4), 1);
  EXPECT_EQ(apply(ExprStep::CeilDiv, -1, 2), 0);
}

TEST(ExprTest, WhatHasNoValue) {
  EXPECT_EQ(apply(ExprStep::Add, largest, 1), ExprTable::Overflow);
  EXPECT_EQ(apply(ExprStep::Mul, largest, 2), ExprTable::Overflow);
  EXPECT_EQ(apply(ExprStep::Add, smallest, -1), ExprTable::Overflow);
  for (ExprStep::Op op :
       {ExprStep::FloorDiv, ExprStep::CeilDiv, ExprStep::Mod}) {
    EXPECT_EQ(apply(op, 1, 0), ExprTable::DivisionByZero);
    EXPECT_EQ(apply(op, smallest, -1), ExprTable::Overflow);
  }
  EXPECT_EQ(evaluate({constant(-1)}), ExprTable::Negative);
  // What fails inside fails the whole, whatever is done with it.
  EXPECT_EQ(evaluate({constant(0),
                      constant(1),
                      constant(0),
                      {0, ExprStep::Mod},
                      {0, ExprStep::Mul}}),
            ExprTable::DivisionByZero);
}

TEST(ExprTest, SymbolsAndDependence) {
  SymbolValues values;
  values[Symbol::T] = 5;
  values[Symbol::MaxN] = 100;
  EXPECT_EQ(
      evaluate({symbol(Symbol::T), symbol(Symbol::MaxN), {0, ExprStep::Mul}},
               values),
      500);
  ExprTable table;
  ASSERT_TRUE(table.append(std::vector{symbol(Symbol::MaxN)}).ok());
  ASSERT_TRUE(table.append(std::vector{symbol(Symbol::N)}).ok());
  ASSERT_TRUE(table.append(std::vector{constant(1)}).ok());
  EXPECT_FALSE(table.dependsOnStep(0));
  EXPECT_TRUE(table.dependsOnStep(1));
  EXPECT_FALSE(table.dependsOnStep(2));
}

TEST(ExprTest, NamesAreThoseOfTheSchema) {
  for (const char *name :
       {"T", "S", "L", "N", "maxT", "maxS", "maxL", "maxN", "slots", "P"})
    EXPECT_EQ(symbolName(symbolFromName(name)), name);
  EXPECT_EQ(static_cast<size_t>(symbolFromName("Q")), numSymbols);
}

TEST(ExprTest, DeepestExpression) {
  std::vector<ExprStep> steps(128, constant(1));
  steps.insert(steps.end(), 127, {0, ExprStep::Add});
  EXPECT_EQ(evaluate(steps), 128);
}

TEST(ExprTest, PrintAndExplain) {
  ExprTable table;
  ASSERT_TRUE(table
                  .append(std::vector<ExprStep>{symbol(Symbol::T),
                                                constant(1),
                                                {0, ExprStep::Add},
                                                symbol(Symbol::S),
                                                {0, ExprStep::FloorDiv}})
                  .ok());
  EXPECT_EQ(table.print(0), "(T + 1) floordiv S");
  SymbolValues values;
  values[Symbol::T] = 8;
  int64_t error = table.evaluate(0, values);
  EXPECT_EQ(error, ExprTable::DivisionByZero);
  EXPECT_THAT(table.explain(0, error, values),
              HasSubstr("(T + 1) floordiv S divides by zero at T = 8, S = 0"));
}
