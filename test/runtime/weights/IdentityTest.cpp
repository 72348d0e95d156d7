#include "runtime/weights/Identity.h"

#include <gtest/gtest.h>

using namespace sluice;

TEST(IdentityTest, IsTheHashOfTheSortedLines) {
  TensorInfo a = {.name = "a.weight", .dtype = DType::F8E4M3, .shape = {2, 3}};
  TensorInfo b = {.name = "b", .dtype = DType::F32, .shape = {}};
  std::vector<std::pair<std::string, std::string>> fields = {{"y", "[1,2]"},
                                                             {"x", "3"}};
  std::string lines = "a.weight F8_E4M3 [2, 3]\nb F32 []\nx=3\ny=[1,2]\n";
  Hash128 expected = hashBytes(lines.data(), lines.size());
  EXPECT_EQ(modelIdentity(std::vector<const TensorInfo *>{&b, &a}, fields),
            expected);
  // Where a tensor lies is no part of it, its shape is.
  a.offset = 99;
  a.shard = 3;
  EXPECT_EQ(modelIdentity(std::vector<const TensorInfo *>{&a, &b}, fields),
            expected);
  a.shape = {3, 2};
  EXPECT_NE(modelIdentity(std::vector<const TensorInfo *>{&a, &b}, fields),
            expected);
}
