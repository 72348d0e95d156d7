#include "frontend/importer/Layers.h"

#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/plan/PlanDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;
using ::sluice::MlpType;
using ::sluice::Param;

static moe::Scoring scoringOf(const ::sluice::ModelConfig &config) {
  switch (config.scoring) {
  case ::sluice::Scoring::SqrtSoftplus:
    return moe::Scoring::SqrtSoftplus;
  case ::sluice::Scoring::Softmax:
    return moe::Scoring::Softmax;
  case ::sluice::Scoring::Sigmoid:
    return moe::Scoring::Sigmoid;
  }
  llvm_unreachable("a scoring of no name");
}

static Value glu(BlockBuilder &b, Value gate, Value up) {
  FloatAttr limit = b.config.swigluLimit > 0
                        ? b.getF32FloatAttr(float(b.config.swigluLimit))
                        : FloatAttr();
  return moe::GluOp::create(b, b.at("a"), gate.getType(), gate, up,
                            /*times=*/Value(), /*row=*/Value(), limit);
}

/// The experts that `chosen` names, and the shared one.
static Value experts(BlockBuilder &b, Value x, Value weights, Value chosen) {
  return b.call(
      "experts", {x, weights, chosen}, {b.layerPrefix()},
      [](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
        const ::sluice::ModelConfig &c = b.config;
        int64_t hidden = c.hiddenSize, inner = c.moeIntermediate;
        Value w1 = b.weight(Param::ExpertW1, {c.experts, inner, hidden});
        Value w3 = b.weight(Param::ExpertW3, {c.experts, inner, hidden});
        Value w2 = b.weight(Param::ExpertW2, {c.experts, hidden, inner});
        Value s1 = b.weight(Param::SharedW1, {inner, hidden});
        Value s3 = b.weight(Param::SharedW3, {inner, hidden});
        Value s2 = b.weight(Param::SharedW2, {hidden, inner});
        Value x = args[0], weights = args[1], chosen = args[2];

        auto ints = [&](int64_t size) {
          return RankedTensorType::get({size}, b.getI32Type());
        };
        auto group = moe::GroupOp::create(b, b.getUnknownLoc(),
                                          TypeRange{ints(ShapedType::kDynamic),
                                                    ints(c.experts + 1),
                                                    chosen.getType()},
                                          chosen, c.experts);
        auto matmul = [&](StringRef name, Value rows, Value w, bool fromTokens,
                          int64_t outputs) -> Value {
          return moe::MatmulOp::create(b, b.at(name), b.rows(outputs), rows,
                                       fromTokens ? group.getRow() : Value(), w,
                                       group.getOffsets(),
                                       fromTokens ? c.expertsPerToken : 1);
        };
        Value gate = matmul("g", x, w1, /*fromTokens=*/true, inner);
        Value up = matmul("u", x, w3, /*fromTokens=*/true, inner);
        Value inside = glu(b, gate, up);
        Value down = matmul("y", inside, w2, /*fromTokens=*/false, hidden);
        // All that a calibration asks: what multiplies which expert's weights.
        for (auto [name, value] : {std::pair{"experts.x.{}", x},
                                   {"experts.chosen.{}", chosen},
                                   {"experts.row.{}", Value(group.getRow())},
                                   {"experts.inside.{}", inside}})
          plan::ProbeOp::create(b, b.at("probe"), b.layerScope(), name, value);
        Value act = glu(b, b.linear("g", x, s1), b.linear("u", x, s3));
        Value shared = b.linear("shared", act, s2);
        // The shared expert comes after the routed ones, in this order.
        return {moe::CombineOp::create(b, b.at("y"), b.rows(hidden), down,
                                       weights, group.getPlace(), shared)};
      })[0];
}

Value importer::feedForward(BlockBuilder &b, MlpType type, Value streams,
                            Value ids) {
  bool hash = type == MlpType::Hash;
  SmallVector<Value> values = {streams};
  if (hash)
    values.push_back(ids);
  return b.call(
      hash ? "ffn_hash" : "ffn_bias", values, {b.layerPrefix()},
      [&](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
        const ::sluice::ModelConfig &c = b.config;
        int64_t fan = c.expertsPerToken;
        Value wg = b.weight(Param::Gate, {c.experts, c.hiddenSize});
        Value bias, table;
        if (hash)
          table = b.weight(Param::GateTid2eid, {c.vocabSize, fan}, Role::Ids);
        else
          bias = b.weight(Param::GateBias, {c.experts}, Role::Vector);
        Entered door = enter(b, Site::FeedForward, args[0]);
        Value logits = b.linear("l", door.x, wg);
        auto route = moe::RouteOp::create(
            b, b.getUnknownLoc(), TypeRange{b.rows(fan), b.intRows(fan)},
            logits, bias, table, hash ? args[1] : Value(), scoringOf(c), fan,
            APFloat(float(c.routedScaling)));
        Value y = experts(b, door.x, route.getWeights(), route.getExperts());
        return {hc::PostOp::create(b, b.at("X"), args[0].getType(), y, args[0],
                                   door.post, door.comb)};
      })[0];
}
