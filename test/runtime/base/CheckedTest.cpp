#include "runtime/base/Checked.h"

#include <gtest/gtest.h>
#include <limits>

using namespace sluice;

constexpr uint64_t most = std::numeric_limits<uint64_t>::max();

TEST(CheckedTest, SumsAndProductsThatFitAreTheirValue) {
  EXPECT_EQ(checkedAdd<uint64_t>(most - 1, 1), most);
  EXPECT_EQ(checkedMul<uint64_t>(most / 3, 3), most);
  EXPECT_EQ(checkedAdd<int64_t>(-5, 3), -2);
}

TEST(CheckedTest, WhatDoesNotFitIsNothing) {
  EXPECT_EQ(checkedAdd<uint64_t>(most, 1), std::nullopt);
  EXPECT_EQ(checkedMul<uint64_t>(uint64_t(1) << 32, uint64_t(1) << 32),
            std::nullopt);
  EXPECT_EQ(checkedAdd<int64_t>(std::numeric_limits<int64_t>::max(), 1),
            std::nullopt);
}

TEST(CheckedTest, AlignRoundsUpAndNoticesTheTop) {
  EXPECT_EQ(checkedAlign(0, 256), 0u);
  EXPECT_EQ(checkedAlign(1, 256), 256u);
  EXPECT_EQ(checkedAlign(256, 256), 256u);
  EXPECT_EQ(checkedAlign(most, 256), std::nullopt);
}

TEST(CheckedTest, RangesThatWrapAreOutside) {
  EXPECT_TRUE(inRange(4, 0, 4));
  EXPECT_TRUE(inRange(0, 4, 4));
  EXPECT_FALSE(inRange(1, 4, 4));
  EXPECT_FALSE(inRange(5, 0, 4));
  EXPECT_FALSE(inRange(2, most, 4));
}
