// State ops on a ragged batch: two sequences, one in the middle of its life, on
// logs whose other rows are NaN.
#include "test/passes/lower/AttnHarness.h"
#include "test/reference/Attention.h"
#include "test/reference/Rope.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

using namespace sluice;
using namespace sluice::test;

TEST(RopeKernelTest, AgreesWithTheReferenceAlsoFarOut) {
  Random random(1);
  for (bool inverse : {false, true})
    for (std::int64_t rows : {0, 1, 2, 33}) {
      std::vector<float> x = random.floats(rows * 3 * 11), y(rows * 33, NAN);
      std::vector<std::int32_t> position(rows), slot(rows), first(rows);
      for (std::int64_t t = 0; t < rows; ++t)
        position[t] = static_cast<std::int32_t>(t < 20 ? t : t * 30011);
      runKernel(
          fmt::format("plan.kernel @k(%x: tensor<?x33xf32>, %b: "
                      "!plan.batch) rows #plan.expr<T> {{\n %y = attn.rope "
                      "{} %x at %b by {} heads = 3 : tensor<?x33xf32> -> "
                      "tensor<?x33xf32>\n plan.yield %y : "
                      "tensor<?x33xf32>\n}}",
                      inverse ? "inverse" : "", rope3),
          {.T = rows},
          {word(x), word(position), word(slot), word(first), word(y)},
          {bytesOf(y)});
      std::vector<double> expected = widen(x);
      // Far out the product position * frequency is rounded to f32: so here.
      for (std::int64_t t = 0; t < rows; ++t) {
        std::vector<double> angles;
        for (double f : reference3().frequencies)
          angles.push_back(double(float(position[t]) * float(f)));
        std::vector<std::int64_t> one{1};
        reference::rotate(std::span(expected).subspan(t * 33, 33), one, 3, 11,
                          {angles, 1},
                          inverse ? reference::Direction::Inverse
                                  : reference::Direction::Forward);
      }
      expectNear(y, expected, 1e-6, "y");
    }
}

TEST(CommitKernelTest, StoresTheLastRowsOfEachSequence) {
  Random random(2);
  for (const auto &sequences : batches) {
    Batch batch(sequences);
    TestLog log(kSlots, 2 * 7, 8, 1, 1, kMaxN);
    std::vector<float> c = random.floats(batch.rows() * 7),
                       z = random.floats(batch.rows() * 7);
    std::vector<std::uint64_t> words{word(c), word(z)};
    log.addWords(words);
    batch.addWords(words);
    TestLog expected = log;
    for (std::int64_t t = 0; t < batch.rows(); ++t) {
      float *row = expected.row(batch.slot[t], batch.position[t]);
      std::copy_n(&c[t * 7], 7, row); // a later row overwrites an earlier one
      std::copy_n(&z[t * 7], 7, row + 7);
    }
    runKernel(
        "plan.kernel @k(%c: tensor<?x7xf32>, %z: tensor<?x7xf32>, %l: "
        "!plan.log<2x7xf32 keep 8>, %b: !plan.batch) rows #plan.expr<T> {\n "
        "attn.commit %c, %z to %l at %b : (tensor<?x7xf32>, "
        "tensor<?x7xf32>) to !plan.log<2x7xf32 keep 8>\n plan.yield\n}",
        symbolsOf(batch, 1), words, {bytesOf(log.pool)});
    EXPECT_EQ(
        memcmp(log.pool.data(), expected.pool.data(), log.pool.size() * 4), 0);
  }
}

namespace {
enum class Entries { None, All, Picked };
class AttendKernelTest : public testing::TestWithParam<Entries> {};
} // namespace

TEST_P(AttendKernelTest, AgreesWithTheReference) {
  const Entries kind = GetParam();
  const int heads = 3, d = 21, m = 3, window = 70, top = 9;
  const std::int64_t P = 6;
  Random random(40 + int(kind));
  std::vector<float> sinks = random.floats(heads, -2, 2);
  for (const auto &sequences : batches) {
    Batch batch(sequences);
    auto history = histories(random, batch, d);
    std::vector<float> rows = stepRows(batch, history, d);
    TestLog ring(kSlots, d, window, 1, P, kMaxN);
    TestLog entries(kSlots, d, 0, m, P, kMaxN);
    std::vector<std::vector<float>> own;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const Sequence &s = sequences[i];
      for (std::int64_t p = std::max<std::int64_t>(0, s.kept - window);
           p < s.kept; ++p)
        std::copy_n(&history[i][p * d], d, ring.row(s.slot, p));
      own.push_back(random.floats((s.kept + s.rows) / m * d, -2, 2));
      for (std::int64_t e = 0; e < (s.kept + s.rows) / m; ++e)
        std::copy_n(&own.back()[e * d], d, entries.row(s.slot, e));
    }
    std::vector<float> q = random.floats(batch.rows() * heads * d);
    std::vector<float> o(batch.rows() * heads * d, NAN);
    std::vector<std::int32_t> picked(batch.rows() * top, -1);
    for (std::int64_t t = 0; t < batch.rows(); ++t) {
      std::int64_t visible = (batch.position[t] + 1) / m;
      std::vector<std::int32_t> all(visible);
      std::iota(all.begin(), all.end(), 0);
      while (std::int64_t(all.size()) > top)
        all.erase(all.begin() + random.below(std::int64_t(all.size())));
      std::copy(all.begin(), all.end(), picked.begin() + t * top);
    }
    std::vector<std::uint64_t> words{word(q)};
    batch.addWords(words);
    ring.addWords(words);
    words.push_back(word(rows));
    std::string arguments, operands, types;
    if (kind != Entries::None) {
      entries.addWords(words);
      arguments += ", %e: !plan.log<21xf32 every 3>";
      operands += " entries %e";
      types += ", !plan.log<21xf32 every 3>";
    }
    if (kind == Entries::Picked) {
      words.push_back(word(picked));
      arguments += ", %p: tensor<?x9xi32>";
      operands += " picked %p";
      types += ", tensor<?x9xi32>";
    }
    words.insert(words.end(), {word(sinks), word(o)});
    runKernel(
        fmt::format(
            "plan.kernel @k(%q: tensor<?x63xf32>, %b: !plan.batch, %w: "
            "!plan.log<21xf32 keep 70>, %r: tensor<?x21xf32>{0}, %s: "
            "tensor<3xf32>) rows #plan.expr<T> {{\n %o = attn.attend %q at "
            "%b over ring(%w, %r){1} sinks %s heads = 3 scale = 0.3 : "
            "tensor<?x63xf32>, !plan.batch, !plan.log<21xf32 keep 70>, "
            "tensor<?x21xf32>{2}, tensor<3xf32> -> tensor<?x63xf32>\n "
            "plan.yield %o : tensor<?x63xf32>\n}}",
            arguments, operands, types),
        symbolsOf(batch, P), words, {bytesOf(o)});
    std::int64_t t = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i)
      for (std::int64_t r = 0; r < sequences[i].rows; ++r, ++t) {
        std::vector<std::int64_t> position{batch.position[t]};
        std::vector<std::int64_t> picks(picked.begin() + t * top,
                                        picked.begin() + (t + 1) * top);
        std::vector<double> keys = widen(history[i]),
                            compressed = widen(own[i]);
        reference::AttentionSources sources;
        sources.rows = keys;
        sources.window = window;
        if (kind != Entries::None) {
          sources.entries = compressed;
          sources.rate = m;
        }
        if (kind == Entries::Picked) {
          sources.picks = picks;
          sources.top = top;
        }
        expectNear(std::span(o).subspan(t * heads * d, heads * d),
                   reference::attend(
                       widen(std::span(q).subspan(t * heads * d, heads * d)),
                       position, widen(sinks), heads, d, 0.3f, sources),
                   3e-6, "o");
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, AttendKernelTest,
                         testing::Values(Entries::None, Entries::All,
                                         Entries::Picked));
