#include "test/reference/Model.h"

#include "test/reference/Attention.h"
#include "test/reference/Compressor.h"
#include "test/reference/Experts.h"
#include "test/reference/RmsNorm.h"
#include "test/reference/Select.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace sluice::reference {
namespace {

void appendRows(Values &to, const Values &rows) {
  to.insert(to.end(), rows.begin(), rows.end());
}

void lower(Values &margins, const Values &others) {
  for (std::size_t t = 0; t < margins.size(); ++t)
    margins[t] = std::min(margins[t], others[t]);
}

} // namespace

struct Sequence::Pass {
  const Config &c;
  const LayerConfig &kind;
  const LayerWeights &w;
  LayerRows &state;
  std::span<const std::int64_t> ids, positions;
  Values &margin;

  std::int64_t rows() const { return std::int64_t(ids.size()); }
  std::int64_t total() const { return positions.back() + 1; }

  Values run(const Values &streams) {
    const HcShape shape{rows(), c.streams, c.hidden};
    const Values middle =
        aroundSite(streams, w.attentionSite, w.attentionNorm, shape,
                   [&](const Values &x) { return attention(x); });
    return aroundSite(middle, w.feedForwardSite, w.feedForwardNorm, shape,
                      [&](const Values &x) { return feedForwards(x); });
  }

  template <typename Inner>
  Values aroundSite(const Values &streams, const HcWeights &site,
                    const Values &norm, const HcShape &shape, Inner inner) {
    const HcPre pre =
        hcPre(streams, site.fn, site.base, site.scale, shape, c.hc);
    const Values y =
        inner(rmsNorm(pre.input, norm, rows(), c.hidden, c.normEpsilon));
    return hcPost(y, streams, pre.post, pre.comb, shape);
  }

  Values attention(const Values &x) {
    const Rope &rope = c.ropeOf(kind);
    const std::int64_t heads = c.heads, width = c.headWidth;
    const Values latent =
        rmsNorm(linear(x, w.queryDown, rows(), c.queryRank, c.hidden),
                w.queryNorm, rows(), c.queryRank, c.normEpsilon);
    Values q = linear(latent, w.queryUp, rows(), heads * width, c.queryRank);
    q = rmsNorm(q, {}, rows() * heads, width, c.normEpsilon);
    rotate(q, positions, heads, width, rope);

    Values kv = rmsNorm(linear(x, w.kv, rows(), width, c.hidden), w.kvNorm,
                        rows(), width, c.normEpsilon);
    rotate(kv, positions, 1, width, rope);
    appendRows(state.kv, kv);

    Picks picks;
    AttentionSources sources{state.kv, c.window, {}, 0, {}, 0};
    if (kind.attention != AttentionKind::Sliding) {
      const bool sparse = kind.attention == AttentionKind::Sparse;
      compressRows(x, w.entries, width, sparse, state.entries);
      sources.entries = state.entries.entries;
      sources.rate = kind.rate;
      if (sparse) {
        picks = pick(x, latent);
        sources.picks = picks.entries;
        sources.top = c.indexTop;
      }
    }
    Values o = attend(q, positions, w.sinks, heads, width,
                      1 / std::sqrt(double(width)), sources);
    rotate(o, positions, heads, width, rope, Direction::Inverse);
    const Values low = groupedLinear(o, w.outDown, rows(), c.outGroups,
                                     c.outRank, heads * width / c.outGroups);
    return linear(low, w.outUp, rows(), c.hidden, c.outGroups * c.outRank);
  }

  void compressRows(const Values &x, const CompressorWeights &weights,
                    std::int64_t width, bool overlap, CompressorRows &made) {
    const Compressor compressor{kind.rate,    width,        overlap,
                                weights.bias, weights.norm, c.normEpsilon};
    const std::int64_t wide = compressor.rowWidth();
    appendRows(made.c, linear(x, weights.kv, rows(), wide, c.hidden));
    appendRows(made.z, linear(x, weights.gate, rows(), wide, c.hidden));
    const std::int64_t first = std::int64_t(made.entries.size()) / width;
    appendRows(made.entries, compress(made.c, made.z, total(), first,
                                      compressor, c.compressRope));
  }

  Picks pick(const Values &x, const Values &latent) {
    const std::int64_t heads = c.indexHeads, width = c.indexWidth;
    compressRows(x, w.keys, width, true, state.keys);
    Values q = linear(latent, w.indexQuery, rows(), heads * width, c.queryRank);
    rotate(q, positions, heads, width, c.compressRope);
    const Values gate = linear(x, w.indexGate, rows(), heads, c.hidden);
    const std::int64_t entries = total() / kind.rate;
    const Values scores =
        indexerScores(q, gate, state.keys.entries,
                      1 / std::sqrt(double(heads) * double(width)),
                      {rows(), heads, width, entries});
    std::vector<std::int64_t> visible;
    for (std::int64_t position : positions)
      visible.push_back(visibleEntries(position, kind.rate));
    Picks picks = selectTop(scores, visible, c.indexTop, entries);
    lower(margin, picks.margin);
    return picks;
  }

  Values feedForwards(const Values &x) {
    const RouteShape shape{rows(), c.experts, c.chosen};
    const Values logits = linear(x, w.router, rows(), c.experts, c.hidden);
    const Routing routing =
        kind.hashRouted
            ? routeByTable(logits, w.table, ids, c.routedScale, shape)
            : routeLearned(logits, w.routerBias, c.routedScale, shape);
    lower(margin, routing.margin);
    Values y =
        experts(x, {w.expertGate, w.expertUp, w.expertDown, c.hidden, c.inner},
                routing, shape, c.limit);
    const Values shared = feedForward(
        x, {w.sharedGate, w.sharedUp, w.sharedDown, c.hidden, c.inner}, rows(),
        c.limit);
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] += shared[i];
    return y;
  }
};

Sequence::Sequence(const Config &config, const Weights &weights)
    : config(config), weights(weights), layers(config.layers.size()) {}

Evaluation Sequence::append(std::span<const std::int64_t> ids) {
  const std::int64_t rows = std::int64_t(ids.size()), n = config.streams;
  Evaluation result;
  if (rows == 0)
    return result;
  result.margin.assign(rows, noChoice);
  std::vector<std::int64_t> positions;
  Values streams; // the embedding, once for each stream
  for (std::int64_t id : ids) {
    if (id < 0 || id >= config.vocabulary)
      throw std::runtime_error("token " + std::to_string(id) +
                               " is outside the vocabulary");
    positions.push_back(theLength++);
    for (std::int64_t i = 0; i < n; ++i) {
      auto row = weights.embedding.begin() + id * config.hidden;
      streams.insert(streams.end(), row, row + config.hidden);
    }
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Pass pass{config, config.layers[i], weights.layers[i], layers[i],
              ids,    positions,        result.margin};
    streams = pass.run(streams);
    result.hidden.push_back(streams);
  }
  const HcWeights &site = weights.headSite;
  const Values last = hcHead(streams, site.fn, site.base, site.scale,
                             {rows, n, config.hidden}, config.hc);
  result.logits = linear(
      rmsNorm(last, weights.norm, rows, config.hidden, config.normEpsilon),
      weights.head, rows, config.vocabulary, config.hidden);
  return result;
}

std::vector<std::int64_t> continueGreedily(Sequence &sequence, View lastLogits,
                                           int count) {
  std::vector<std::int64_t> tokens;
  Values logits(lastLogits.begin(), lastLogits.end());
  while (int(tokens.size()) < count) {
    tokens.push_back(std::max_element(logits.begin(), logits.end()) -
                     logits.begin());
    if (int(tokens.size()) < count)
      logits = sequence.append({&tokens.back(), 1}).logits;
  }
  return tokens;
}

} // namespace sluice::reference
