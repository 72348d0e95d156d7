#include "frontend/importer/Layers.h"

#include "dialects/hc/HcDialect.h"
#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;
using ::sluice::Param;

namespace {
enum StepArgument { Ids, Positions, Slots, RowOffsets, LogitRows, Count };
} // namespace

static constexpr StringRef inputNames[Count] = {"ids", "pos", "slot", "rows",
                                                "logit_rows"};

/// How many numbers of an input a step has.
static plan::ExprAttr inputRows(MLIRContext *context, unsigned input) {
  using plan::ExprAttr, plan::ExprOp, plan::Symbol;
  switch (input) {
  case RowOffsets:
    return ExprAttr::binary(ExprOp::Add, ExprAttr::symbol(context, Symbol::S),
                            ExprAttr::constant(context, 1));
  case LogitRows:
    return ExprAttr::symbol(context, Symbol::L);
  default:
    return ExprAttr::symbol(context, Symbol::T);
  }
}

/// The streams of the wanted rows to logits.
static Value writeHead(BlockBuilder &b, Value streams, Value logitRows) {
  const ::sluice::ModelConfig &c = b.config;
  Value fn = b.weight(Param::HcHeadFn, {c.hcMult, c.hcMult * c.hiddenSize},
                      Role::Vector);
  Value base = b.weight(Param::HcHeadBase, {c.hcMult}, Role::Vector);
  Value mul = b.weight(Param::HcHeadScale, {1}, Role::Vector);
  Value norm = b.weight(Param::Norm, {c.hiddenSize}, Role::Vector);
  Value head = b.weight(c.tieWordEmbeddings ? Param::Embed : Param::Head,
                        {c.vocabSize, c.hiddenSize});
  // Before the head, so that prefill does not multiply every row by it.
  Value wanted = scaled::TakeOp::create(b, b.at("wanted"), streams.getType(),
                                        streams, logitRows);
  Value collapsed = hc::HeadOp::create(
      b, b.at("h"), b.rows(c.hiddenSize), wanted, fn, base, mul,
      APFloat(float(c.hcEps)), APFloat(float(c.rmsNormEps)));
  return b.linear("logits", b.norm("h", collapsed, norm), head);
}

func::FuncOp importer::writeStep(Kinds &kinds, WeightTypes &weights,
                                 const ::sluice::ModelConfig &config,
                                 MLIRContext *context) {
  Builder types(context);
  auto ints = RankedTensorType::get({ShapedType::kDynamic}, types.getI32Type());
  SmallVector<Type> inputs(Count, ints);
  auto step = func::FuncOp::create(NameLoc::get(types.getStringAttr("step")),
                                   "step", types.getFunctionType(inputs, {}));
  step->setAttr("plan.entry", types.getUnitAttr());
  BlockBuilder b(step.addEntryBlock(), kinds, weights, config);
  for (unsigned input = 0; input < Count; ++input) {
    step.getArgument(input).setLoc(b.at(inputNames[input]));
    step.setArgAttr(input, "plan.input", b.getStringAttr(inputNames[input]));
    step.setArgAttr(input, "plan.rows", inputRows(context, input));
  }

  Value batch = plan::BatchOp::create(
      b, b.at("b"), plan::BatchType::get(context), step.getArgument(Positions),
      step.getArgument(Slots), step.getArgument(RowOffsets));
  Value table = b.weight(Param::Embed, {config.vocabSize, config.hiddenSize});
  Value embedded = scaled::TakeOp::create(
      b, b.at("e"), b.rows(config.hiddenSize), table, step.getArgument(Ids));
  auto streamsType = RankedTensorType::get(
      {ShapedType::kDynamic, config.hcMult, config.hiddenSize}, b.getF32Type());
  Value streams = hc::ExpandOp::create(b, b.at("X"), streamsType, embedded);

  for (int64_t layer = 0; layer < config.layers; ++layer) {
    b.enterLayer(layer);
    streams = attention(b, config.layerTypes[layer], streams, batch);
    streams =
        feedForward(b, config.mlpTypes[layer], streams, step.getArgument(Ids));
    plan::ProbeOp::create(b, b.at("probe"), b.layerScope(), "hidden.{}",
                          streams);
  }

  Value logits = writeHead(b, streams, step.getArgument(LogitRows));
  func::ReturnOp::create(b, b.at("return"), logits);
  step.setFunctionType(types.getFunctionType(inputs, logits.getType()));
  return step;
}
