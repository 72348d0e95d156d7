#include "test/passes/lower/KernelHarness.h"
#include "test/passes/lower/StoredWeight.h"
#include "test/reference/HyperConnections.h"
#include "test/reference/RmsNorm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace sluice;
using namespace sluice::test;

namespace {
class HcKernelTest : public testing::TestWithParam<std::pair<int, int>> {};
} // namespace

TEST_P(HcKernelTest, PreAndPostAgreeWithTheReference) {
  auto [n, h] = GetParam();
  Random random(n * 100 + h);
  int m = (2 + n) * n;
  StoredWeight fn = storedWeight(random, Format::F32, m, n * h);
  std::vector<float> base = random.floats(m), mul = random.floats(3, 0.5, 1.5);
  for (std::int64_t rows : {0, 1, 2, 33}) {
    std::vector<float> X = random.floats(rows * n * h, -3, 3);
    std::vector<float> x(rows * h, NAN), post(rows * n, NAN),
        comb(rows * n * n, NAN), next(rows * n * h, NAN);
    std::string types = fmt::format(
        "tensor<?x{0}x{1}xf32>, tensor<{2}x{3}xf32>, tensor<{2}xf32>, "
        "tensor<3xf32> -> tensor<?x{1}xf32>, tensor<?x{0}xf32>, "
        "tensor<?x{0}x{0}xf32>",
        n, h, m, n * h);
    std::string results = types.substr(types.find("-> ") + 3);
    runKernel(
        fmt::format(
            "plan.kernel @k(%X: tensor<?x{0}x{1}xf32>, %f: "
            "tensor<{2}x{3}xf32>, %b: tensor<{2}xf32>, %m: tensor<3xf32>) "
            "rows #plan.expr<T> {{\n %x, %p, %c = hc.pre %X, %f, %b, %m "
            "iters = 7 eps = 1.0e-3 norm_eps = 1.0e-2 : {4}\n plan.yield "
            "%x, %p, %c : {5}\n}}",
            n, h, m, n * h, types, results),
        {.T = rows},
        {word(X), word(fn.elements), word(base), word(mul), word(x), word(post),
         word(comb)},
        {bytesOf(x), bytesOf(post), bytesOf(comb)});
    reference::HcShape shape{rows, n, h};
    reference::HcPre expected = reference::hcPre(
        widen(X), fn.values, widen(base), widen(mul), shape, {7, 1e-2f, 1e-3f});
    expectNear(x, expected.input, 1e-5, "x");
    expectNear(post, expected.post, 1e-5, "post");
    expectNear(comb, expected.comb, 1e-5, "comb");

    std::vector<float> y = random.floats(rows * h);
    runKernel(fmt::format(
                  "plan.kernel @k(%y: tensor<?x{1}xf32>, %X: "
                  "tensor<?x{0}x{1}xf32>, %p: tensor<?x{0}xf32>, %c: "
                  "tensor<?x{0}x{0}xf32>) rows #plan.expr<T> {{\n %n = hc.post "
                  "%y, %X, %p, %c : tensor<?x{1}xf32>, tensor<?x{0}x{1}xf32>, "
                  "tensor<?x{0}xf32>, tensor<?x{0}x{0}xf32> -> "
                  "tensor<?x{0}x{1}xf32>\n plan.yield %n : "
                  "tensor<?x{0}x{1}xf32>\n}}",
                  n, h),
              {.T = rows},
              {word(y), word(X), word(post), word(comb), word(next)},
              {bytesOf(next)});
    expectNear(
        next,
        reference::hcPost(widen(y), widen(X), widen(post), widen(comb), shape),
        1e-6, "next");
  }
}

TEST_P(HcKernelTest, ExpandAndHeadAgreeWithTheReference) {
  auto [n, h] = GetParam();
  Random random(n * 100 + h + 1);
  StoredWeight fn = storedWeight(random, Format::BF16, n, n * h);
  std::vector<float> base = random.floats(n), mul = random.floats(1, 0.5, 1.5);
  for (std::int64_t rows : {0, 1, 33}) {
    std::vector<float> e = random.floats(rows * h), X(rows * n * h, NAN),
                       x(rows * h, NAN);
    runKernel(
        fmt::format("plan.kernel @k(%e: tensor<?x{1}xf32>) rows "
                    "#plan.expr<T> {{\n %X = hc.expand %e : tensor<?x{1}xf32> "
                    "-> tensor<?x{0}x{1}xf32>\n plan.yield %X : "
                    "tensor<?x{0}x{1}xf32>\n}}",
                    n, h),
        {.T = rows}, {word(e), word(X)}, {bytesOf(X)});
    for (std::size_t i = 0; i < X.size(); ++i)
      ASSERT_EQ(X[i], e[i / (n * h) * h + i % h]);
    X = random.floats(rows * n * h, -3, 3);
    runKernel(
        fmt::format(
            "plan.kernel @k(%X: tensor<?x{0}x{1}xf32>, %f: "
            "tensor<{0}x{2}xbf16>, %b: tensor<{0}xf32>, %m: tensor<1xf32>) "
            "rows #plan.expr<T> {{\n %x = hc.head %X, %f, %b, %m eps = "
            "1.0e-3 norm_eps = 1.0e-2 : tensor<?x{0}x{1}xf32>, "
            "tensor<{0}x{2}xbf16>, tensor<{0}xf32>, tensor<1xf32> -> "
            "tensor<?x{1}xf32>\n plan.yield %x : tensor<?x{1}xf32>\n}}",
            n, h, n * h),
        {.T = rows},
        {word(X), word(fn.elements), word(base), word(mul), word(x)},
        {bytesOf(x)});
    expectNear(x,
               reference::hcHead(widen(X), fn.values, widen(base), widen(mul),
                                 {rows, n, h}, {1, 1e-2f, 1e-3f}),
               1e-5, "x");
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, HcKernelTest,
                         testing::Values(std::pair{4, 64}, std::pair{2, 17},
                                         std::pair{3, 50}));

TEST(NormKernelTest, AgreesWithTheReferencePerHead) {
  Random random(9);
  StoredWeight w = storedWeight(random, Format::BF16, 1, 39);
  for (std::int64_t rows : {0, 1, 2, 33}) {
    std::vector<float> x = random.floats(rows * 117, -5, 5);
    std::vector<float> y(rows * 117, NAN), unit(rows * 117, NAN);
    runKernel(
        "plan.kernel @k(%x: tensor<?x117xf32>, %w: tensor<39xbf16>) rows "
        "#plan.expr<T> {\n %y = hc.norm %x weight %w heads = 3 eps = 1.0e-2 "
        ": tensor<?x117xf32> weight tensor<39xbf16> -> tensor<?x117xf32>\n "
        "plan.yield %y : tensor<?x117xf32>\n}",
        {.T = rows}, {word(x), word(w.elements), word(y)}, {bytesOf(y)});
    expectNear(y, reference::rmsNorm(widen(x), w.values, rows * 3, 39, 1e-2f),
               1e-6, "y");
    runKernel(
        "plan.kernel @k(%x: tensor<?x117xf32>) rows #plan.expr<T> {\n %y = "
        "hc.norm %x eps = 1.0e-2 : tensor<?x117xf32> -> "
        "tensor<?x117xf32>\n plan.yield %y : tensor<?x117xf32>\n}",
        {.T = rows}, {word(x), word(unit)}, {bytesOf(unit)});
    expectNear(unit, reference::rmsNorm(widen(x), {}, rows, 117, 1e-2f), 1e-6,
               "unit");
  }
}
