#include "frontend/importer/Layers.h"

#include "dialects/hc/HcDialect.h"
#include "dialects/plan/PlanDialect.h"

#include <cmath>

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;
using ::sluice::LayerType;
using ::sluice::Param;

namespace {
/// What the queries and the window are made of, before rotation.
struct Latent {
  Value queryLatent; // [T, qLoraRank], normed; the indexer's input too
  Value query;       // [T, heads * headDim]
  Value key;         // [T, headDim], value as well
};

/// A compressor's products and what it leaves behind.
struct Compressed {
  Value content, gate; // [T, D], overlapping [T, 2D]
  Value tail;          // where those of open windows wait
  Value entries;       // handle through which the new entries are seen
};

/// The names of one compressor's weights and logs.
struct CompressorNames {
  Param content, gate, bias, norm;
  StringRef entries, tail;
};
} // namespace

static constexpr CompressorNames mainCompressor = {Param::CompressorWkv,
                                                   Param::CompressorWgate,
                                                   Param::CompressorApe,
                                                   Param::CompressorNorm,
                                                   "entries",
                                                   "tail"};
static constexpr CompressorNames indexCompressor = {
    Param::IndexerWkv, Param::IndexerWgate,
    Param::IndexerApe, Param::IndexerNorm,
    "index",           "index_tail"};

static attn::RopeAttr ropeOf(BlockBuilder &b, LayerType type) {
  const ::sluice::RopeConfig &rope =
      type == LayerType::Sliding ? b.config.mainRope : b.config.compressRope;
  return attn::RopeAttr::get(
      b.getContext(),
      SmallVector<float>(llvm::map_range(rope.inverseFrequencies,
                                         [](double f) { return float(f); })),
      float(rope.attentionFactor));
}

static Latent latent(BlockBuilder &b, Value x) {
  auto results = b.call(
      "latent", {x}, {b.weights.nameOf(Param::WqA).scope},
      [](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
        const ::sluice::ModelConfig &c = b.config;
        Value wqA = b.weight(Param::WqA, {c.qLoraRank, c.hiddenSize});
        Value qNorm = b.weight(Param::QNorm, {c.qLoraRank}, Role::Vector);
        Value wqB = b.weight(Param::WqB, {c.heads * c.headDim, c.qLoraRank});
        Value wkv = b.weight(Param::Wkv, {c.headDim, c.hiddenSize});
        Value kvNorm = b.weight(Param::KvNorm, {c.headDim}, Role::Vector);
        Value qr = b.norm("qr", b.linear("qr", args[0], wqA), qNorm);
        Value q = b.norm("q", b.linear("q", qr, wqB), {}, c.heads);
        Value kv = b.norm("kv", b.linear("kv", args[0], wkv), kvNorm);
        return {qr, q, kv};
      });
  return {results[0], results[1], results[2]};
}

/// The attention's output back into the streams.
static Value leave(BlockBuilder &b, Value o, Value streams,
                   const Entered &door) {
  return b.call("leave", {o, streams, door.post, door.comb},
                {b.weights.nameOf(Param::WoA).scope},
                [](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
                  const ::sluice::ModelConfig &c = b.config;
                  int64_t ranks = c.oGroups * c.oLoraRank;
                  // Block-diagonal: each group of heads meets its own rows
                  // only.
                  Value woA = b.weight(
                      Param::WoA, {ranks, c.heads * c.headDim / c.oGroups});
                  Value woB = b.weight(Param::WoB, {c.hiddenSize, ranks});
                  Value grouped = b.linear("o", args[0], woA, c.oGroups);
                  Value y = b.linear("y", grouped, woB);
                  return {hc::PostOp::create(b, b.at("X"), args[1].getType(), y,
                                             args[1], args[2], args[3])};
                })[0];
}

/// Rows of `dim` channels, one entry for `rate` tokens. An overlapping window
/// reaches back into the one before it, with channels of their own.
static Compressed compress(BlockBuilder &b, const CompressorNames &names,
                           Value x, Value batch, int64_t dim, int64_t rate,
                           bool overlap) {
  int64_t hidden = b.config.hiddenSize;
  int64_t columns = overlap ? 2 * dim : dim;
  int64_t kept = overlap ? 2 * rate : rate;
  Value wkv = b.weight(names.content, {columns, hidden});
  Value wgate = b.weight(names.gate, {columns, hidden});
  Value bias = b.weight(names.bias, {rate, columns}, Role::Vector);
  Value norm = b.weight(names.norm, {dim}, Role::Vector);
  Compressed result;
  Value into = b.log(names.entries, {dim}, 0, rate);
  result.tail = b.log(names.tail, {2, columns}, kept);
  result.content = b.linear("c", x, wkv);
  result.gate = b.linear("z", x, wgate);
  result.entries = attn::CompressOp::create(
      b, b.at(names.entries), into.getType(), result.content, result.gate, bias,
      norm, result.tail, into, batch, ropeOf(b, LayerType::Csa), overlap,
      scaled::RoundingAttr(), APFloat(float(b.config.rmsNormEps)));
  return result;
}

/// The entries that each row attends to, by the lightning indexer. `keys` are
/// the entries of its own compressor.
static Value select(BlockBuilder &b, Value x, Value queryLatent, Value keys,
                    Value batch) {
  const ::sluice::ModelConfig &c = b.config;
  Value wq =
      b.weight(Param::IndexerWqB, {c.indexHeads * c.indexHeadDim, c.qLoraRank});
  Value wg = b.weight(Param::IndexerWeightsProj, {c.indexHeads, c.hiddenSize});
  Value q = b.rope("iq", b.linear("iq", queryLatent, wq), batch,
                   ropeOf(b, LayerType::Csa), c.indexHeads);
  Value g = b.linear("g", x, wg);
  // heads^-0.5 belongs to g and dim^-0.5 to the dot products: one factor.
  float scale = float(1.0 / std::sqrt(double(c.indexHeads * c.indexHeadDim)));
  return attn::SelectOp::create(b, b.at("sel"), b.intRows(c.indexTopk), q, g,
                                keys, batch, c.indexTopk, APFloat(scale));
}

static void commit(BlockBuilder &b, ValueRange parts, Value log, Value batch) {
  attn::CommitOp::create(b, b.at("commit"), parts, log, batch);
}

static Value attentionBody(BlockBuilder &b, LayerType type, Value streams,
                           Value batch) {
  const ::sluice::ModelConfig &c = b.config;
  attn::RopeAttr rope = ropeOf(b, type);
  Value sinks = b.weight(Param::AttnSink, {c.heads}, Role::Vector);
  Value window = b.log("win", {c.headDim}, c.slidingWindow);
  Entered door = enter(b, Site::Attention, streams);
  Latent raw = latent(b, door.x);
  Value q = b.rope("q", raw.query, batch, rope, c.heads);
  Value kv = b.rope("kv", raw.key, batch, rope);

  std::optional<Compressed> main, index;
  Value picked;
  if (type == LayerType::Csa) {
    main = compress(b, mainCompressor, door.x, batch, c.headDim, c.csaRate,
                    /*overlap=*/true);
    index = compress(b, indexCompressor, door.x, batch, c.indexHeadDim,
                     c.csaRate, /*overlap=*/true);
    picked = select(b, door.x, raw.queryLatent, index->entries, batch);
  } else if (type == LayerType::Hca) {
    main = compress(b, mainCompressor, door.x, batch, c.headDim, c.hcaRate,
                    /*overlap=*/false);
  }
  Value o = attn::AttendOp::create(
      b, b.at("o"), q.getType(), q, batch, window, kv,
      main ? main->entries : Value(), picked, sinks, c.heads,
      APFloat(float(1.0 / std::sqrt(double(c.headDim)))));
  commit(b, kv, window, batch);
  for (const std::optional<Compressed> &compressor : {main, index})
    if (compressor)
      commit(b, {compressor->content, compressor->gate}, compressor->tail,
             batch);
  // Keys double as values, so the sum still carries their rotation.
  Value turned = b.rope("o", o, batch, rope, c.heads, /*inverse=*/true);
  return leave(b, turned, streams, door);
}

Value importer::attention(BlockBuilder &b, LayerType type, Value streams,
                          Value batch) {
  StringRef name = type == LayerType::Sliding ? "attn_swa"
                   : type == LayerType::Csa   ? "attn_csa"
                                              : "attn_hca";
  return b.call(name, {streams, batch}, {b.layerPrefix()},
                [&](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
                  return {attentionBody(b, type, args[0], args[1])};
                })[0];
}
