#include "test/passes/lower/KernelHarness.h"
#include "test/passes/lower/StoredWeight.h"
#include "test/reference/Linear.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace sluice;
using namespace sluice::test;

namespace {
struct LinearCase {
  Format format;
  std::int64_t outputs, columns, groups;
};
class LinearKernelTest : public testing::TestWithParam<LinearCase> {};
} // namespace

TEST_P(LinearKernelTest, AgreesWithTheReference) {
  auto [format, outputs, columns, groups] = GetParam();
  Random random(outputs * 1000 + columns);
  StoredWeight w = storedWeight(random, format, outputs, columns);
  bool isLong = columns > 600;
  for (std::int64_t rows : isLong
                               ? std::vector<std::int64_t>{1, 2, 5}
                               : std::vector<std::int64_t>{0, 1, 2, 33, 67}) {
    std::vector<float> x = random.floats(rows * groups * columns);
    std::vector<float> y(rows * outputs, NAN);
    std::string xType = fmt::format("tensor<?x{}xf32>", groups * columns);
    std::string yType = fmt::format("tensor<?x{}xf32>", outputs);
    std::string text = fmt::format(
        "plan.kernel @k(%x: {0}, %w: {1}) rows #plan.expr<T> {{\n"
        " %y = scaled.linear %x, %w groups = {3} : {0}, {1} -> {2}\n"
        " plan.yield %y : {2}\n}}",
        xType, w.type, yType, groups);
    std::vector<std::uint64_t> words{word(x)};
    for (std::uint64_t part : w.words())
      words.push_back(part);
    words.push_back(word(y));
    runKernel(text, {.T = rows}, words, {bytesOf(y)});
    reference::Values expected = reference::groupedLinear(
        widen(x), w.values, rows, groups, outputs / groups, columns);
    expectNear(y, expected, 3e-6 * std::sqrt(double(columns)), "y");
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, LinearKernelTest,
                         testing::Values(LinearCase{Format::F32, 37, 45, 1},
                                         LinearCase{Format::F32, 33, 16, 3},
                                         LinearCase{Format::BF16, 19, 131, 1},
                                         LinearCase{Format::FP8, 131, 200, 1},
                                         LinearCase{Format::FP8, 260, 130, 2},
                                         LinearCase{Format::FP8, 3, 7, 1},
                                         LinearCase{Format::FP4, 21, 96, 1},
                                         LinearCase{Format::FP4, 5, 38, 1},
                                         // Rows that a GPU reads in several
                                         // pieces, with all kinds of rests.
                                         LinearCase{Format::F32, 18, 2180, 1},
                                         LinearCase{Format::BF16, 40, 1400, 1},
                                         LinearCase{Format::FP8, 70, 2752, 1},
                                         LinearCase{Format::FP8, 36, 640, 2},
                                         LinearCase{Format::FP4, 130, 2208,
                                                    1}));

TEST(AddKernelTest, AddsEveryElement) {
  Random random(3);
  for (std::int64_t rows : {0, 1, 33}) {
    std::vector<float> x = random.floats(rows * 37),
                       y = random.floats(rows * 37);
    std::vector<float> sum(rows * 37, NAN);
    runKernel("plan.kernel @k(%x: tensor<?x37xf32>, %y: tensor<?x37xf32>) rows "
              "#plan.expr<T> {\n %s = arith.addf %x, %y : tensor<?x37xf32>\n "
              "plan.yield %s : tensor<?x37xf32>\n}",
              {.T = rows}, {word(x), word(y), word(sum)}, {bytesOf(sum)});
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_EQ(sum[i], x[i] + y[i]);
  }
}

TEST(TakeKernelTest, TakesRowsOfActivationsOfThreeDimensions) {
  Random random(4);
  std::vector<float> X = random.floats(9 * 3 * 21);
  std::vector<std::int32_t> index{8, 0, 3, 3};
  std::vector<float> y(index.size() * 63, NAN);
  runKernel("plan.kernel @k(%t: tensor<?x3x21xf32>, %i: tensor<?xi32>) rows "
            "#plan.expr<L> {\n %y = scaled.take %t[%i] : tensor<?x3x21xf32>, "
            "tensor<?xi32> -> tensor<?x3x21xf32>\n plan.yield %y : "
            "tensor<?x3x21xf32>\n}",
            {.L = 4}, {word(X), word(index), word(y)}, {bytesOf(y)});
  for (std::size_t i = 0; i < index.size(); ++i)
    for (int c = 0; c < 63; ++c)
      EXPECT_EQ(y[i * 63 + c], X[index[i] * 63 + c]);
}
