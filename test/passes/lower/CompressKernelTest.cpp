// attn.compress: windows that close in a step become entries.

#include "test/passes/lower/AttnHarness.h"
#include "test/reference/Compressor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

using namespace sluice;
using namespace sluice::test;

namespace {

struct Shape {
  bool overlap;
  std::int64_t m, d;
  std::int64_t width() const { return overlap ? 2 * d : d; }
  std::int64_t keep() const { return overlap ? 2 * m : m; }
};

/// A step over a batch: its weights, each sequence's history, and the tail of
/// what went before.
class Step {
public:
  Step(Random &random, const Shape &shape, const Batch &batch)
      : shape(shape), batch(batch), c(histories(random, batch, shape.width())),
        z(histories(random, batch, shape.width())),
        bias(random.floats(shape.m * shape.width())),
        norm(random.floats(shape.d)),
        tail(kSlots, 2 * shape.width(), shape.keep(), 1, page(), kMaxN) {
    const std::int64_t width = shape.width();
    for (std::size_t i = 0; i < batch.sequences.size(); ++i) {
      const Sequence &s = batch.sequences[i];
      for (std::int64_t p = std::max<std::int64_t>(0, s.kept - shape.keep());
           p < s.kept; ++p) {
        float *row = tail.row(s.slot, p);
        std::copy_n(&c[i][p * width], width, row);
        std::copy_n(&z[i][p * width], width, row + width);
      }
    }
  }

  std::int64_t page() const { return 4 * shape.m; }
  TestLog noEntries() const {
    return {kSlots, shape.d, 0, shape.m, page(), kMaxN};
  }

  /// What the kernel writes, its entries rounded as `rounding` says.
  TestLog run(const std::string &rounding) const {
    std::vector<float> cRows = stepRows(batch, c, shape.width()),
                       zRows = stepRows(batch, z, shape.width());
    TestLog entries = noEntries();
    std::vector<std::uint64_t> words{word(cRows), word(zRows), word(bias),
                                     word(norm)};
    tail.addWords(words);
    entries.addWords(words);
    batch.addWords(words);
    runKernel(textOf(rounding), symbolsOf(batch, page()), words,
              {bytesOf(entries.pool)});
    return entries;
  }

  /// Sequence i's entries [tokens / m, d] by the reference, those of the past
  /// with them.
  reference::Values expected(std::size_t i) const {
    std::vector<double> biasValues = widen(bias), normValues = widen(norm);
    reference::Compressor compressor{shape.m,    shape.d,    shape.overlap,
                                     biasValues, normValues, 1e-3f};
    const Sequence &s = batch.sequences[i];
    return reference::compress(widen(c[i]), widen(z[i]), s.kept + s.rows, 0,
                               compressor, reference3());
  }

private:
  std::string textOf(const std::string &rounding) const {
    return fmt::format(
        "plan.kernel @k(%c: {0}, %z: {0}, %s: {1}, %n: tensor<{2}xf32>, "
        "%t: {3}, %e: {4}, %b: !plan.batch) rows #plan.expr<T> {{\n "
        "%r = attn.compress %c, %z bias %s norm %n tail %t into %e at "
        "%b by {5} {6} {7} eps = 1.0e-3 : {0}, {0}, {1}, tensor<{2}xf32>, "
        "{3}, {4}, !plan.batch -> {4}\n plan.yield\n}}",
        fmt::format("tensor<?x{}xf32>", shape.width()),
        fmt::format("tensor<{}x{}xf32>", shape.m, shape.width()), shape.d,
        fmt::format("!plan.log<2x{}xf32 keep {}>", shape.width(), shape.keep()),
        fmt::format("!plan.log<{}xf32 every {}>", shape.d, shape.m), rope3,
        shape.overlap ? "overlap" : "",
        rounding.empty() ? "" : "rounding " + rounding);
  }

  Shape shape;
  const Batch &batch;
  std::vector<std::vector<float>> c, z;
  std::vector<float> bias, norm;
  TestLog tail;
};

bool sameBytes(const TestLog &a, const TestLog &b) {
  return std::memcmp(a.pool.data(), b.pool.data(), a.pool.size() * 4) == 0;
}

class CompressKernelTest : public testing::TestWithParam<Shape> {};
} // namespace

TEST_P(CompressKernelTest, ClosedWindowsAgreeWithTheReference) {
  const auto &[overlap, m, d] = GetParam();
  Random random(unsigned(m * 10 + d));
  for (const auto &sequences : batches) {
    Batch batch(sequences);
    Step step(random, GetParam(), batch);
    TestLog entries = step.run(""), expected = step.noEntries();
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const Sequence &s = sequences[i];
      reference::Values all = step.expected(i);
      for (std::int64_t w = s.kept / m; w < (s.kept + s.rows) / m; ++w) {
        float *found = entries.row(s.slot, w);
        expectNear({found, std::size_t(d)}, std::span(all).subspan(w * d, d),
                   1e-5, "entry");
        std::copy_n(found, d, expected.row(s.slot, w));
      }
    }
    EXPECT_TRUE(sameBytes(entries, expected)) << "other rows were written";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, CompressKernelTest,
                         testing::Values(Shape{true, 4, 16}, Shape{true, 3, 7},
                                         Shape{false, 10, 33},
                                         Shape{false, 8, 32}));

namespace {
struct RoundedShape {
  Shape shape;
  std::string rounding;
};
class RoundedCompressTest : public testing::TestWithParam<RoundedShape> {};
} // namespace

/// Entries that are rounded on their way equal those that are not, rounded by
/// scaled.round, of which RoundKernelTest has a rule of its own. Rotated
/// channels do not begin at a multiple of the lanes of a warp, and there are
/// several warps of them.
TEST_P(RoundedCompressTest, EqualsRoundingTheEntries) {
  const auto &[shape, rounding] = GetParam();
  Random random(unsigned(shape.d));
  Batch batch({{2, 13, 21}, {0, 0, 12}});
  Step step(random, shape, batch);
  TestLog found = step.run(rounding), expected = step.run("");
  for (const Sequence &s : batch.sequences)
    for (std::int64_t w = s.kept / shape.m; w < (s.kept + s.rows) / shape.m;
         ++w) {
      float *row = expected.row(s.slot, w);
      std::vector<float> in(row, row + shape.d), out(in.size(), kNan);
      runKernel(fmt::format("plan.kernel @k(%x: {0}) rows #plan.expr<T> {{\n "
                            "%y = scaled.round %x by {1} : {0} -> {0}\n "
                            "plan.yield %y : {0}\n}}",
                            fmt::format("tensor<?x{}xf32>", shape.d), rounding),
                {.T = 1}, {word(in), word(out)}, {bytesOf(out)});
      std::copy(out.begin(), out.end(), row);
    }
  EXPECT_TRUE(sameBytes(found, expected));
}

INSTANTIATE_TEST_SUITE_P(
    Formats, RoundedCompressTest,
    testing::Values(RoundedShape{{true, 4, 80}, "<f8E4M3FN group 64 of 74>"},
                    RoundedShape{{false, 6, 197}, "<f8E4M3FN group 32>"},
                    RoundedShape{{true, 4, 64},
                                 "<f4E2M1FN group 32 hadamard>"}));
