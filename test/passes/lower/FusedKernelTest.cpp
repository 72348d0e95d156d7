// Kernels as passes/fuse makes them: at odd sizes, with few rows and with more,
// they leave the bits of their ops alone.

#include "test/passes/lower/FusedHarness.h"
#include "test/passes/lower/StoredWeight.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <list>

using namespace sluice::test;

namespace {
/// A batch of one sequence that has 13 tokens already, with that many rows.
class FusedKernelTest : public testing::TestWithParam<int> {
protected:
  FusedKernelTest()
      : T(GetParam()), batch({{2, 13, T}}), ops(symbolsOf(batch, 12)),
        random(unsigned(T)) {
    std::vector<std::uint64_t> words;
    batch.addWords(words);
    ops.input("%b", "!plan.batch", words);
  }

  static std::string rowsOf(std::int64_t columns, const char *element = "f32") {
    return fmt::format("tensor<?x{}x{}>", columns, element);
  }
  /// Random rows [T, columns].
  void rows(const std::string &name, std::int64_t columns) {
    ops.input(name, rowsOf(columns), keep(random.floats(T * columns, -2, 2)));
  }
  void result(const std::string &name, std::int64_t columns, bool yielded,
              std::int64_t fan = 1, const char *element = "f32") {
    ops.result(name, rowsOf(columns, element), T * fan * columns * 4, yielded);
  }
  /// A weight [outputs, columns]; its type.
  std::string weight(const std::string &name, Format format,
                     std::int64_t outputs, std::int64_t columns) {
    stored.push_back(storedWeight(random, format, outputs, columns));
    std::string type = stored.back().type;
    ops.input(name, type, stored.back().words());
    return type;
  }
  std::string vector(const std::string &name, std::int64_t size) {
    std::string type = fmt::format("tensor<{}xf32>", size);
    ops.input(name, type, keep(random.floats(size)));
    return type;
  }
  const std::vector<float> &keep(std::vector<float> values) {
    kept.push_back(std::move(values));
    return kept.back();
  }
  void linear(const std::string &y, const std::string &x, std::int64_t columns,
              std::int64_t outputs, Format format) {
    std::string type = weight(y + "w", format, outputs, columns);
    ops.op(
        {fmt::format("{0} = scaled.linear {1}, {0}w", y, x),
         fmt::format("{}, {} -> {}", rowsOf(columns), type, rowsOf(outputs))});
  }

  std::int64_t T;
  Batch batch;
  FusedOps ops;
  Random random;
  std::list<StoredWeight> stored;
  std::list<std::vector<float>> kept;
};
} // namespace

TEST_P(FusedKernelTest, Streams) {
  const std::int64_t n = 2, h = 37, m = n * (n + 2);
  std::string X = fmt::format("tensor<?x{}x{}xf32>", n, h), x = rowsOf(h),
              p = rowsOf(n), c = fmt::format("tensor<?x{0}x{0}xf32>", n);
  rows("%y", h);
  ops.input("%X", X, keep(random.floats(T * n * h, -3, 3)));
  ops.input("%p", p, keep(random.floats(T * n)));
  ops.input("%c", c, keep(random.floats(T * n * n)));
  ops.result("%N", X, T * n * h * 4, true);
  result("%z", h, false);
  ops.result("%q", p, T * n * 4, true);
  ops.result("%d", c, T * n * n * 4, true);
  result("%o", h, true);
  ops.op({"%N = hc.post %y, %X, %p, %c",
          fmt::format("{}, {}, {}, {} -> {}", x, X, p, c, X)});
  std::string f = weight("%f", Format::F32, m, n * h);
  std::string base = vector("%s", m), mul = vector("%m", 3),
              norm = vector("%g", h);
  ops.op(
      {"%z, %q, %d = hc.pre %N, %f, %s, %m iters = 7 eps = 1.0e-3 "
       "norm_eps = 1.0e-2",
       fmt::format("{}, {}, {}, {} -> {}, {}, {}", X, f, base, mul, x, p, c)});
  ops.op({"%o = hc.norm %z weight %g eps = 1.0e-2",
          fmt::format("{} weight {} -> {}", x, norm, x)});
  ops.expectEqualBits();
}

TEST_P(FusedKernelTest, Tails) {
  rows("%x", 45);
  rows("%y", 33);
  result("%a", 45, true);
  result("%n", 33, false);
  result("%k", 33, true);
  std::string wide = vector("%u", 45), small = vector("%v", 33);
  ops.op({"%a = hc.norm %x weight %u eps = 1.0e-2",
          fmt::format("{0} weight {1} -> {0}", rowsOf(45), wide)});
  ops.op({"%n = hc.norm %y weight %v eps = 1.0e-2",
          fmt::format("{0} weight {1} -> {0}", rowsOf(33), small)});
  ops.op({fmt::format("%k = attn.rope %n at %b by {}", rope3),
          fmt::format("{0} -> {0}", rowsOf(33))});
  ops.expectEqualBits();
}

TEST_P(FusedKernelTest, Attend) {
  const int heads = 3, d = 21;
  std::string q = rowsOf(heads * d), r = rowsOf(d);
  TestLog ring(kSlots, d, 70, 1, 12, kMaxN);
  for (std::int64_t p = 0; p < 13; ++p) {
    std::vector<float> row = random.floats(d);
    std::copy(row.begin(), row.end(), ring.row(2, p));
  }
  std::vector<std::uint64_t> words;
  ring.addWords(words);
  ops.input("%w", "!plan.log<21xf32 keep 70>", words);
  rows("%x", heads * d);
  rows("%r", d);
  std::string sinks = vector("%s", heads);
  for (const char *name : {"%n", "%q", "%o"})
    result(name, heads * d, false);
  result("%y", heads * d, true);
  std::string same = fmt::format("{0} -> {0}", q);
  ops.op({"%n = hc.norm %x heads = 3 eps = 1.0e-2", same});
  ops.op({fmt::format("%q = attn.rope %n at %b by {} heads = 3", rope3), same});
  ops.op({"%o = attn.attend %q at %b over ring(%w, %r) sinks %s heads = 3 "
          "scale = 0.3",
          fmt::format("{0}, !plan.batch, !plan.log<21xf32 keep 70>, {1}, {2} "
                      "-> {0}",
                      q, r, sinks)});
  ops.op({fmt::format("%y = attn.rope inverse %o at %b by {} heads = 3", rope3),
          same});
  ops.expectEqualBits();
}

TEST_P(FusedKernelTest, Index) {
  TestLog keys(kSlots, 13, 0, 4, 12, kMaxN);
  for (std::int64_t e = 0; e < (13 + T) / 4; ++e) {
    std::vector<float> row = random.floats(13);
    std::copy(row.begin(), row.end(), keys.row(2, e));
  }
  std::vector<std::uint64_t> words;
  keys.addWords(words);
  ops.input("%k", "!plan.log<13xf32 every 4>", words);
  rows("%x", 39);
  rows("%g", 3);
  result("%q", 39, false);
  result("%s", 5, true, 1, "i32");
  ops.op({fmt::format("%q = attn.rope %x at %b by {} heads = 3", rope3),
          fmt::format("{0} -> {0}", rowsOf(39))});
  ops.op({"%s = attn.select %q, %g in %k at %b top = 5 scale = 0.5",
          fmt::format("{}, {}, !plan.log<13xf32 every 4> -> {}", rowsOf(39),
                      rowsOf(3), rowsOf(5, "i32"))});
  ops.expectEqualBits();
}

TEST_P(FusedKernelTest, ProductsWithTheGateAndASharedSwiglu) {
  const std::int64_t columns = 64, experts = 19, k = 3, inner = 37;
  rows("%x", columns);
  result("%l", experts, false);
  result("%w", k, true);
  result("%e", k, false, 1, "i32");
  ops.result("%row", "tensor<?xi32>", T * k * 4, true);
  ops.result("%off", "tensor<20xi32>", 20 * 4, true);
  result("%place", k, true, 1, "i32");
  result("%g", inner, false);
  result("%u", inner, false);
  result("%a", inner, true);
  linear("%l", "%x", columns, experts, Format::BF16);
  std::string bias = vector("%bias", experts), weights = rowsOf(k),
              ids = rowsOf(k, "i32");
  ops.op(
      {"%w, %e = moe.route %l bias %bias scoring = sqrtsoftplus top_k = 3 "
       "scale = 1.5",
       fmt::format("{}, {} -> {}, {}", rowsOf(experts), bias, weights, ids)});
  ops.op({"%row, %off, %place = moe.group %e experts = 19",
          fmt::format("{0} -> tensor<?xi32>, tensor<20xi32>, {0}", ids),
          "T * 3"});
  linear("%g", "%x", columns, inner, Format::FP8);
  linear("%u", "%x", columns, inner, Format::FP8);
  ops.op({"%a = moe.glu %g, %u limit = 1.0",
          fmt::format("{0}, {0} -> {0}", rowsOf(inner))});
  ops.expectEqualBits();
}

namespace {
/// Three experts, of which the second has no rows, with two assignments a row.
class FusedExpertsTest : public FusedKernelTest {
protected:
  static constexpr std::int64_t experts = 3, fan = 2;

  FusedExpertsTest() {
    offsets = {0};
    place.resize(T * fan);
    for (int e = 0; e < experts; ++e) {
      for (std::int32_t a = 0; a < T * fan; ++a)
        if ((a * 7 % 3 == 0 ? 0 : 2) == e) {
          place[a] = std::int32_t(row.size());
          row.push_back(a);
        }
      offsets.push_back(std::int32_t(row.size()));
    }
    ops.input("%row", "tensor<?xi32>", row);
    ops.input("%off", "tensor<4xi32>", offsets);
    ops.input("%place", rowsOf(fan, "i32"), place);
  }

  /// Weights [experts, outputs, columns]; their type.
  std::string expertWeights(const std::string &name, std::int64_t outputs,
                            std::int64_t columns) {
    const StoredWeight &w = stored.emplace_back(
        storedWeight(random, Format::FP4, experts * outputs, columns, experts));
    auto tableOf = [&](const std::vector<std::uint8_t> &bytes) {
      std::vector<std::uint64_t> &table = tables.emplace_back();
      for (int e = 0; e < experts; ++e)
        table.push_back(word(bytes) + e * (bytes.size() / experts));
      return word(table);
    };
    ops.input(
        name, w.type,
        std::vector<std::uint64_t>{tableOf(w.elements), tableOf(w.scales)});
    return w.type;
  }

  std::vector<std::int32_t> row, offsets, place;
  std::list<std::vector<std::uint64_t>> tables;
};
} // namespace

TEST_P(FusedExpertsTest, Swiglu) {
  const std::int64_t columns = 64, inner = 37;
  rows("%x", columns);
  for (const char *name : {"%g", "%u", "%a"})
    result(name, inner, name[1] == 'a', fan);
  for (const char *name : {"%g", "%u"}) {
    std::string w = expertWeights(std::string(name) + "w", inner, columns);
    ops.op(
        {fmt::format("{0} = moe.matmul %x[%row] fan = 2, {0}w by %off", name),
         fmt::format("{}, tensor<?xi32>, {}, tensor<4xi32> -> {}",
                     rowsOf(columns), w, rowsOf(inner)),
         "T * 2"});
  }
  ops.op({"%a = moe.glu %g, %u limit = 1.0",
          fmt::format("{0}, {0} -> {0}", rowsOf(inner)), "T * 2"});
  ops.expectEqualBits();
}

TEST_P(FusedExpertsTest, Combine) {
  const std::int64_t inner = 64, columns = 37;
  ops.input("%a", rowsOf(inner), keep(random.floats(T * fan * inner)));
  rows("%x", inner);
  rows("%kw", fan);
  result("%y", columns, false, fan);
  result("%z", columns, false);
  result("%o", columns, true);
  std::string w = expertWeights("%yw", columns, inner), type = rowsOf(columns);
  ops.op({"%y = moe.matmul %a, %yw by %off",
          fmt::format("{}, {}, tensor<4xi32> -> {}", rowsOf(inner), w, type),
          "T * 2"});
  linear("%z", "%x", inner, columns, Format::FP8);
  ops.op({"%o = moe.combine %y, %kw at %place plus %z",
          fmt::format("{0}, {1}, {2}, {0} -> {0}", type, rowsOf(fan),
                      rowsOf(fan, "i32"))});
  ops.expectEqualBits();
}

INSTANTIATE_TEST_SUITE_P(Rows, FusedKernelTest, testing::Values(0, 1, 5, 19));
INSTANTIATE_TEST_SUITE_P(Rows, FusedExpertsTest, testing::Values(0, 1, 5, 19));
