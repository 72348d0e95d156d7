#include "test/passes/lower/KernelHarness.h"
#include "test/passes/lower/StoredWeight.h"
#include "test/reference/Experts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

static std::string routeTypes(int experts, int k, const std::string &more) {
  return fmt::format("tensor<?x{}xf32>{} -> tensor<?x{}xf32>, tensor<?x{}xi32>",
                     experts, more, k, k);
}

TEST(RouteKernelTest, LearnedChoicesAgreeWithTheReference) {
  for (auto [experts, k] : {std::pair{8, 2}, {37, 5}, {16, 16}, {3, 1}}) {
    Random random(experts);
    std::vector<float> bias = random.floats(experts, -0.5, 0.5);
    for (std::int64_t rows : {0, 1, 2, 33}) {
      std::vector<float> logits = random.floats(rows * experts, -6, 25);
      std::vector<float> weights(rows * k, NAN);
      std::vector<std::int32_t> chosen(rows * k, -7);
      std::string types =
          routeTypes(experts, k, fmt::format(", tensor<{}xf32>", experts));
      runKernel(
          fmt::format("plan.kernel @k(%l: tensor<?x{0}xf32>, %b: "
                      "tensor<{0}xf32>) rows #plan.expr<T> {{\n %w, %e = "
                      "moe.route %l bias %b scoring = sqrtsoftplus top_k = "
                      "{1} scale = 1.5 : {2}\n plan.yield %w, %e : {3}\n}}",
                      experts, k, types, types.substr(types.find("-> ") + 3)),
          {.T = rows}, {word(logits), word(bias), word(weights), word(chosen)},
          {bytesOf(weights), bytesOf(chosen)});
      reference::Routing expected = reference::routeLearned(
          widen(logits), widen(bias), 1.5, {rows, experts, k});
      for (std::int64_t t = 0; t < rows; ++t)
        ASSERT_GT(expected.margin[t], 1e-5) << "choose another seed";
      EXPECT_TRUE(std::equal(chosen.begin(), chosen.end(),
                             expected.experts.begin(), expected.experts.end()));
      expectNear(weights, expected.weights, 1e-5, "weights");
    }
  }
}

TEST(RouteKernelTest, EqualScoresGoToTheSmallerExpertAndZerosAreEqual) {
  std::vector<float> logits{5, 7,     7, 5,     7, 5,     5, 5,
                            0, -0.0f, 0, -0.0f, 0, -0.0f, 0, 0};
  std::vector<float> weights(6);
  std::vector<std::int32_t> chosen(6);
  std::string types = routeTypes(8, 3, "");
  runKernel(
      fmt::format("plan.kernel @k(%l: tensor<?x8xf32>) rows #plan.expr<T> "
                  "{{\n %w, %e = moe.route %l scoring = none top_k = 3 "
                  "scale = 1.0 : {}\n plan.yield %w, %e : {}\n}}",
                  types, types.substr(types.find("-> ") + 3)),
      {.T = 2}, {word(logits), word(weights), word(chosen)},
      {bytesOf(weights), bytesOf(chosen)});
  EXPECT_EQ(chosen, (std::vector<std::int32_t>{1, 2, 4, 0, 1, 2}));
}

TEST(RouteKernelTest, ScoringsSumToTheScale) {
  Random random(5);
  std::vector<float> logits = random.floats(33 * 19, -4, 4);
  for (const char *scoring : {"softmax", "sigmoid"}) {
    std::vector<float> weights(33 * 19);
    std::vector<std::int32_t> chosen(33 * 19);
    std::string types = routeTypes(19, 19, "");
    runKernel(
        fmt::format("plan.kernel @k(%l: tensor<?x19xf32>) rows "
                    "#plan.expr<T> {{\n %w, %e = moe.route %l scoring = {} "
                    "top_k = 19 scale = 1.0 : {}\n plan.yield %w, %e : {}\n}}",
                    scoring, types, types.substr(types.find("-> ") + 3)),
        {.T = 33}, {word(logits), word(weights), word(chosen)},
        {bytesOf(weights), bytesOf(chosen)});
    for (int t = 0; t < 33; ++t) {
      double sum = 0;
      std::vector<double> score(19);
      for (int e = 0; e < 19; ++e) {
        double x = logits[t * 19 + e];
        score[e] = scoring[1] == 'o' ? std::exp(x) : 1 / (1 + std::exp(-x));
        sum += score[e];
      }
      for (int e = 0; e < 19; ++e) {
        EXPECT_EQ(chosen[t * 19 + e], e);
        EXPECT_NEAR(weights[t * 19 + e], score[e] / sum, 1e-6);
      }
    }
  }
}

TEST(RouteKernelTest, TableChoicesAgreeWithTheReference) {
  Random random(6);
  const int experts = 11, k = 4, vocabulary = 29;
  std::vector<std::int64_t> table;
  for (int v = 0; v < vocabulary; ++v)
    for (int j = 0; j < k; ++j)
      table.push_back((7 * v + 3 * j) % experts);
  for (std::int64_t rows : {0, 1, 2, 33}) {
    std::vector<float> logits = random.floats(rows * experts, -3, 3);
    std::vector<std::int32_t> ids(rows);
    for (std::int32_t &id : ids)
      id = static_cast<std::int32_t>(random.below(vocabulary));
    std::vector<float> weights(rows * k, NAN);
    std::vector<std::int32_t> chosen(rows * k, -7);
    std::string types =
        routeTypes(experts, k, ", tensor<29x4xi64>, tensor<?xi32>");
    runKernel(
        fmt::format("plan.kernel @k(%l: tensor<?x11xf32>, %t: "
                    "tensor<29x4xi64>, %i: tensor<?xi32>) rows "
                    "#plan.expr<T> {{\n %w, %e = moe.route %l table %t[%i] "
                    "scoring = sqrtsoftplus top_k = 4 scale = 2.5 : {}\n "
                    "plan.yield %w, %e : {}\n}}",
                    types, types.substr(types.find("-> ") + 3)),
        {.T = rows},
        {word(logits), word(table), word(ids), word(weights), word(chosen)},
        {bytesOf(weights), bytesOf(chosen)});
    std::vector<std::int64_t> wide(ids.begin(), ids.end());
    reference::Routing expected = reference::routeByTable(
        widen(logits), table, wide, 2.5, {rows, experts, k});
    EXPECT_TRUE(std::equal(chosen.begin(), chosen.end(),
                           expected.experts.begin(), expected.experts.end()));
    expectNear(weights, expected.weights, 1e-5, "weights");
  }
}

TEST(GroupKernelTest, SortsByExpertThenRow) {
  Random random(7);
  const int experts = 5, k = 3;
  for (std::int64_t rows : {0, 1, 2, 33}) {
    std::vector<std::int32_t> chosen(rows * k);
    for (std::int32_t &e : chosen)
      e = static_cast<std::int32_t>(random.below(experts));
    std::vector<std::int32_t> row(rows * k, -7), offsets(experts + 1, -7),
        place(rows * k, -7);
    runKernel("plan.kernel @k(%e: tensor<?x3xi32>) rows #plan.expr<T * 3> {\n "
              "%r, %o, %p = moe.group %e experts = 5 : tensor<?x3xi32> -> "
              "tensor<?xi32>, tensor<6xi32>, tensor<?x3xi32>\n plan.yield %r, "
              "%o, %p : tensor<?xi32>, tensor<6xi32>, tensor<?x3xi32>\n}",
              {.T = rows},
              {word(chosen), word(row), word(offsets), word(place)},
              {bytesOf(row), bytesOf(offsets), bytesOf(place)});
    EXPECT_EQ(offsets[0], 0);
    EXPECT_EQ(offsets[experts], rows * k);
    for (int e = 0; e < experts; ++e)
      for (std::int32_t p = offsets[e]; p < offsets[e + 1]; ++p) {
        EXPECT_EQ(chosen[row[p]], e);
        EXPECT_EQ(place[row[p]], p);
        if (p > offsets[e])
          EXPECT_LT(row[p - 1], row[p]);
      }
  }
}

namespace {
class MatmulKernelTest : public testing::TestWithParam<Format> {};
} // namespace

TEST_P(MatmulKernelTest, EachAssignmentMeetsItsExpert) {
  const int experts = 4, outputs = 37, columns = 64, fan = 2;
  Random random(8);
  StoredWeight w =
      storedWeight(random, GetParam(), experts * outputs, columns, experts);
  std::size_t step = w.elements.size() / experts;
  std::vector<std::uint64_t> elementTable, scaleTable;
  for (int e = 0; e < experts; ++e) {
    elementTable.push_back(word(w.elements) + e * step);
    scaleTable.push_back(word(w.scales) + e * w.scales.size() / experts);
  }
  for (std::int64_t rows : {0, 1, 2, 33}) {
    // Expert 1 gets nothing.
    std::vector<std::int32_t> row, offsets{0};
    for (int e = 0; e < experts; ++e) {
      for (std::int32_t a = 0; a < rows * fan; ++a)
        if (int owner = a * 7 % 3; (owner == 0 ? 0 : owner + 1) == e)
          row.push_back(a);
      offsets.push_back(static_cast<std::int32_t>(row.size()));
    }
    std::vector<float> x = random.floats(rows * columns);
    std::vector<float> y(rows * fan * outputs, NAN);
    std::vector<std::uint64_t> words{word(x), word(row), word(elementTable)};
    if (!w.scales.empty())
      words.push_back(word(scaleTable));
    words.insert(words.end(), {word(offsets), word(y)});
    runKernel(
        fmt::format("plan.kernel @k(%x: tensor<?x64xf32>, %r: "
                    "tensor<?xi32>, %w: {0}, %o: tensor<5xi32>) rows "
                    "#plan.expr<T * 2> {{\n %y = moe.matmul %x[%r] fan = 2, "
                    "%w by %o : tensor<?x64xf32>, tensor<?xi32>, {0}, "
                    "tensor<5xi32> -> tensor<?x37xf32>\n plan.yield %y : "
                    "tensor<?x37xf32>\n}}",
                    w.type),
        {.T = rows}, words, {bytesOf(y)});
    std::vector<double> expected(y.size());
    for (int e = 0; e < experts; ++e)
      for (std::int32_t p = offsets[e]; p < offsets[e + 1]; ++p)
        for (int o = 0; o < outputs; ++o)
          for (int c = 0; c < columns; ++c)
            expected[p * outputs + o] +=
                double(x[row[p] / fan * columns + c]) *
                w.values[(e * outputs + o) * columns + c];
    expectNear(y, expected, 3e-5, "y");
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, MatmulKernelTest,
                         testing::Values(Format::F32, Format::BF16, Format::FP8,
                                         Format::FP4));

TEST(GluKernelTest, AgreesWithTheReference) {
  Random random(10);
  for (std::int64_t rows : {0, 1, 2, 33})
    for (double limit : {0.0, 1.5}) {
      std::vector<float> gate = random.floats(rows * 41, -8, 8),
                         up = random.floats(rows * 41, -8, 8);
      std::vector<float> y(rows * 41, NAN);
      std::string clamp = limit > 0 ? "limit = 1.5 " : "";
      runKernel(
          "plan.kernel @k(%g: tensor<?x41xf32>, %u: tensor<?x41xf32>) rows "
          "#plan.expr<T> {\n %y = moe.glu %g, %u " +
              clamp +
              ": tensor<?x41xf32>, tensor<?x41xf32> -> tensor<?x41xf32>\n "
              "plan.yield %y : tensor<?x41xf32>\n}",
          {.T = rows}, {word(gate), word(up), word(y)}, {bytesOf(y)});
      expectNear(y, reference::glu(widen(gate), widen(up), limit), 1e-6, "y");
    }
}

TEST(GluKernelTest, WeighsEachAssignment) {
  Random random(12);
  for (std::int64_t rows : {0, 1, 2, 33}) { // assignments, two a token
    std::int64_t count = rows * 2;
    std::vector<float> gate = random.floats(count * 41),
                       up = random.floats(count * 41),
                       weights = random.floats(count), y(count * 41, NAN);
    std::vector<std::int32_t> row;
    for (std::int64_t p = 0; p < count; ++p)
      row.push_back(static_cast<std::int32_t>((p * 3 + 1) % count));
    runKernel("plan.kernel @k(%g: tensor<?x41xf32>, %u: tensor<?x41xf32>, %w: "
              "tensor<?x2xf32>, %r: tensor<?xi32>) rows #plan.expr<T * 2> {\n"
              " %y = moe.glu %g, %u times %w[%r] : tensor<?x41xf32>, "
              "tensor<?x41xf32>, tensor<?x2xf32>, tensor<?xi32> -> "
              "tensor<?x41xf32>\n plan.yield %y : tensor<?x41xf32>\n}",
              {.T = rows},
              {word(gate), word(up), word(weights), word(row), word(y)},
              {bytesOf(y)});
    reference::Values expected = reference::glu(widen(gate), widen(up), 0);
    for (std::int64_t p = 0; p < count; ++p)
      for (int c = 0; c < 41; ++c)
        expected[p * 41 + c] *= double(weights[row[p]]);
    expectNear(y, expected, 1e-6, "y");
  }
}

namespace {
class CombineKernelTest : public testing::TestWithParam<const char *> {};
} // namespace

TEST_P(CombineKernelTest, SumsInExpertOrder) {
  std::string form = GetParam();
  bool weighted = form.find("%w") != form.npos,
       added = form.find("plus") != form.npos;
  Random random(11);
  const int k = 3, columns = 21;
  for (std::int64_t rows : {0, 1, 2, 33}) {
    std::vector<float> y = random.floats(rows * k * columns),
                       weights = random.floats(rows * k),
                       plus = random.floats(rows * columns);
    std::vector<std::int32_t> place(rows * k);
    for (std::size_t i = 0; i < place.size(); ++i)
      place[i] = static_cast<std::int32_t>((i * 5 + 1) % place.size());
    std::vector<float> out(rows * columns, NAN), exact(rows * columns);
    for (std::int64_t t = 0; t < rows; ++t)
      for (int c = 0; c < columns; ++c) {
        float sum = 0;
        for (int j = 0; j < k; ++j) {
          float weight = weighted ? weights[t * k + j] : 1;
          sum = std::fma(weight, y[place[t * k + j] * columns + c], sum);
        }
        exact[t * columns + c] = added ? sum + plus[t * columns + c] : sum;
      }
    runKernel("plan.kernel @k(%y: tensor<?x21xf32>, %w: tensor<?x3xf32>, %p: "
              "tensor<?x3xi32>, %z: tensor<?x21xf32>) rows #plan.expr<T> {\n "
              "%o = moe.combine " +
                  form +
                  " -> tensor<?x21xf32>\n plan.yield %o : tensor<?x21xf32>\n}",
              {.T = rows},
              {word(y), word(weights), word(place), word(plus), word(out)},
              {bytesOf(out)});
    EXPECT_EQ(out, exact);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, CombineKernelTest,
    testing::Values("%y, %w at %p : tensor<?x21xf32>, tensor<?x3xf32>, "
                    "tensor<?x3xi32>",
                    "%y, %w at %p plus %z : tensor<?x21xf32>, tensor<?x3xf32>, "
                    "tensor<?x3xi32>, tensor<?x21xf32>",
                    "%y at %p plus %z : tensor<?x21xf32>, tensor<?x3xi32>, "
                    "tensor<?x21xf32>"));
