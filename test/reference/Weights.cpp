#include "test/reference/Weights.h"

#include "test/reference/Names.h"

#include <stdexcept>

namespace sluice::reference {
namespace {

using Shape = std::vector<std::int64_t>;
using Spellings = std::vector<std::string>;

bool isThere(const TensorSource &source, const Spellings &spellings) {
  for (const std::string &name : spellings)
    if (source.has(name))
      return true;
  return false;
}

Values readOne(const TensorSource &source, const Spellings &spellings,
               const Shape &shape) {
  for (const std::string &name : spellings)
    if (source.has(name))
      return source.read(name, shape);
  throw std::runtime_error("no tensor is called " + spellings.front() +
                           ", and none has its other names");
}

/// The tensors of one layer.
class LayerReader {
public:
  LayerReader(const Config &config, const TensorSource &source,
              std::int64_t layer)
      : config(config), source(source), layer(layer) {}

  LayerWeights read() {
    const Config &c = config;
    LayerWeights w;
    w.attentionSite = site("hc_attn_");
    w.feedForwardSite = site("hc_ffn_");
    w.attentionNorm = get("attn_norm.weight", {c.hidden});
    w.feedForwardNorm = get("ffn_norm.weight", {c.hidden});
    w.queryDown = get("attn.wq_a.weight", {c.queryRank, c.hidden});
    w.queryNorm = get("attn.q_norm.weight", {c.queryRank});
    w.queryUp = get("attn.wq_b.weight", {c.heads * c.headWidth, c.queryRank});
    w.kv = get("attn.wkv.weight", {c.headWidth, c.hidden});
    w.kvNorm = get("attn.kv_norm.weight", {c.headWidth});
    w.sinks = get("attn.attn_sink", {c.heads});
    w.outDown = get("attn.wo_a.weight", {c.outGroups * c.outRank,
                                         c.heads * c.headWidth / c.outGroups});
    w.outUp = get("attn.wo_b.weight", {c.hidden, c.outGroups * c.outRank});
    readLongRange(w);
    readFeedForward(w);
    return w;
  }

private:
  Values get(const std::string &leaf, const Shape &shape) {
    return readOne(source, layerSpellings(layer, leaf), shape);
  }

  HcWeights site(const std::string &prefix) {
    const std::int64_t n = config.streams;
    return {get(prefix + "fn", {(2 + n) * n, n * config.hidden}),
            get(prefix + "base", {(2 + n) * n}), get(prefix + "scale", {3})};
  }

  CompressorWeights compressor(const std::string &prefix, std::int64_t width,
                               std::int64_t rate, bool overlap) {
    const std::int64_t rows = overlap ? 2 * width : width;
    return {get(prefix + "wkv.weight", {rows, config.hidden}),
            get(prefix + "wgate.weight", {rows, config.hidden}),
            get(prefix + "ape", {rate, rows}),
            get(prefix + "norm.weight", {width})};
  }

  void readLongRange(LayerWeights &w) {
    const LayerConfig &kind = config.layers[layer];
    if (kind.attention == AttentionKind::Sliding)
      return;
    const bool sparse = kind.attention == AttentionKind::Sparse;
    w.entries =
        compressor("attn.compressor.", config.headWidth, kind.rate, sparse);
    if (!sparse)
      return;
    w.keys = compressor("attn.indexer.compressor.", config.indexWidth,
                        kind.rate, true);
    w.indexQuery =
        get("attn.indexer.wq_b.weight",
            {config.indexHeads * config.indexWidth, config.queryRank});
    w.indexGate = get("attn.indexer.weights_proj.weight",
                      {config.indexHeads, config.hidden});
  }

  void readFeedForward(LayerWeights &w) {
    const Config &c = config;
    w.router = get("ffn.gate.weight", {c.experts, c.hidden});
    if (config.layers[layer].hashRouted) {
      for (double expert : get("ffn.gate.tid2eid", {c.vocabulary, c.chosen}))
        w.table.push_back(std::int64_t(expert));
    } else {
      w.routerBias = get("ffn.gate.bias", {c.experts});
    }
    w.sharedGate = get("ffn.shared_experts.w1.weight", {c.inner, c.hidden});
    w.sharedUp = get("ffn.shared_experts.w3.weight", {c.inner, c.hidden});
    w.sharedDown = get("ffn.shared_experts.w2.weight", {c.hidden, c.inner});
    if (isThere(source, layerSpellings(layer, "ffn.experts.gate_up_proj")))
      readStacked(w);
    else
      readScattered(w);
  }

  /// [E, 2 I, H], an expert's gate above its up; [E, H, I]
  void readStacked(LayerWeights &w) {
    const Config &c = config;
    const Values both =
        get("ffn.experts.gate_up_proj", {c.experts, 2 * c.inner, c.hidden});
    const std::int64_t half = c.inner * c.hidden;
    for (std::int64_t e = 0; e < c.experts; ++e) {
      auto gate = both.begin() + 2 * e * half;
      w.expertGate.insert(w.expertGate.end(), gate, gate + half);
      w.expertUp.insert(w.expertUp.end(), gate + half, gate + 2 * half);
    }
    w.expertDown = get("ffn.experts.down_proj", {c.experts, c.hidden, c.inner});
  }

  void readScattered(LayerWeights &w) {
    auto append = [&](Values &stack, std::int64_t expert, const char *leaf,
                      const Shape &shape) {
      const Values one =
          get("ffn.experts." + std::to_string(expert) + '.' + leaf, shape);
      stack.insert(stack.end(), one.begin(), one.end());
    };
    for (std::int64_t e = 0; e < config.experts; ++e) {
      append(w.expertGate, e, "w1.weight", {config.inner, config.hidden});
      append(w.expertUp, e, "w3.weight", {config.inner, config.hidden});
      append(w.expertDown, e, "w2.weight", {config.hidden, config.inner});
    }
  }

  const Config &config;
  const TensorSource &source;
  std::int64_t layer;
};

} // namespace

Weights loadWeights(const Config &config, const TensorSource &source) {
  auto get = [&](const char *leaf, const Shape &shape) {
    return readOne(source, globalSpellings(leaf), shape);
  };
  const std::int64_t n = config.streams;
  Weights weights;
  weights.embedding = get("embed.weight", {config.vocabulary, config.hidden});
  weights.head = get("head.weight", {config.vocabulary, config.hidden});
  weights.norm = get("norm.weight", {config.hidden});
  weights.headSite = {get("hc_head_fn", {n, n * config.hidden}),
                      get("hc_head_base", {n}), get("hc_head_scale", {1})};
  for (std::size_t layer = 0; layer < config.layers.size(); ++layer)
    weights.layers.push_back(
        LayerReader(config, source, std::int64_t(layer)).read());
  return weights;
}

} // namespace sluice::reference
