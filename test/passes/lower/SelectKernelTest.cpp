// The indexer's choice on a ragged batch, in one tile of keys and in many.
#include "test/passes/lower/AttnHarness.h"
#include "test/reference/Select.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

using namespace sluice;
using namespace sluice::test;

namespace {

using Numbers = std::function<std::vector<float>(std::int64_t count)>;

/// Runs `attn.select` of `top` for a step whose queries, weights and keys are
/// `numbers`, against the reference.
void expectChosen(int top, const std::vector<Sequence> &sequences,
                  std::int64_t maxN, const Numbers &numbers) {
  const int heads = 3, d = 13, m = 4;
  const std::int64_t P = 12;
  Batch batch(sequences);
  TestLog keys(kSlots, d, 0, m, P, maxN);
  std::vector<float> q = numbers(batch.rows() * heads * d),
                     g = numbers(batch.rows() * heads);
  std::vector<std::int32_t> sel(batch.rows() * top, -7);
  std::vector<std::vector<float>> own;
  for (const Sequence &s : sequences) {
    own.push_back(numbers((s.kept + s.rows) / m * d));
    for (std::int64_t i = 0; i < (s.kept + s.rows) / m; ++i)
      std::copy_n(&own.back()[i * d], d, keys.row(s.slot, i));
  }
  std::vector<std::uint64_t> words{word(q), word(g)};
  keys.addWords(words);
  batch.addWords(words);
  words.push_back(word(sel));
  runKernel(fmt::format("plan.kernel @k(%q: tensor<?x39xf32>, %g: "
                        "tensor<?x3xf32>, %k: !plan.log<13xf32 every 4>, %b: "
                        "!plan.batch) rows #plan.expr<T> {{\n %s = attn.select "
                        "%q, %g in %k at %b top = {0} scale = 0.5 : "
                        "tensor<?x39xf32>, tensor<?x3xf32>, !plan.log<13xf32 "
                        "every 4> -> tensor<?x{0}xi32>\n plan.yield %s : "
                        "tensor<?x{0}xi32>\n}}",
                        top),
            symbolsOf(batch, P, maxN), words, {bytesOf(sel)});
  std::int64_t t = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i)
    for (std::int64_t r = 0; r < sequences[i].rows; ++r, ++t) {
      std::int64_t entries = std::int64_t(own[i].size()) / d;
      std::vector<std::int64_t> visible{(batch.position[t] + 1) / m};
      reference::Values scores = reference::indexerScores(
          widen(std::span(q).subspan(t * heads * d, heads * d)),
          widen(std::span(g).subspan(t * heads, heads)), widen(own[i]), 0.5,
          {1, heads, d, entries});
      reference::Picks picks =
          reference::selectTop(scores, visible, top, entries);
      ASSERT_TRUE(picks.margin[0] == 0 || picks.margin[0] > 1e-6);
      EXPECT_TRUE(std::equal(picks.entries.begin(), picks.entries.end(),
                             sel.begin() + t * top))
          << "row " << t << " top " << top;
    }
}

} // namespace

TEST(SelectKernelTest, ChoosesAsTheReferenceDoes) {
  for (int top : {1, 5, 64}) {
    Random random(100 + top);
    for (const auto &sequences : batches)
      expectChosen(top, sequences, kMaxN,
                   [&](std::int64_t count) { return random.floats(count); });
  }
}

// 512 keys are scored at a time, beside the best so far.
TEST(SelectKernelTest, ManyTiles) {
  for (int top : {3, 600})
    for (std::int64_t entries : {512, 513, 601, 1111}) {
      Random random(top + entries);
      expectChosen(top, {{1, 4 * entries - 2, 3}, {3, 5, 1}}, 4800,
                   [&](std::int64_t count) { return random.floats(count); });
    }
}

// Few different scores: those of smaller rows are chosen, in every tile.
TEST(SelectKernelTest, EqualScores) {
  for (int top : {1, 64, 600}) {
    Random random(top);
    expectChosen(top, {{2, 4 * 1100, 2}}, 4800, [&](std::int64_t count) {
      std::vector<float> few = random.floats(count);
      for (float &x : few)
        x = x > 0 ? 1.0F : 0.0F;
      return few;
    });
  }
}
