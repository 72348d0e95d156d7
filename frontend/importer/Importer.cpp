#include "frontend/importer/Importer.h"

#include "frontend/importer/Layers.h"
#include "runtime/base/Quote.h"
#include "runtime/weights/Identity.h"

#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Verifier.h"

#include <numeric>

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;
using ::sluice::Checkpoint;
using ::sluice::ModelConfig;
using ::sluice::TensorInfo;

/// Tokens of a page are a multiple of this, so that every log's page is whole
/// rows.
static int64_t pageMultiple(const ModelConfig &config) {
  int64_t multiple = 1;
  for (::sluice::LayerType type : config.layerTypes)
    if (type != ::sluice::LayerType::Sliding)
      multiple =
          std::lcm(multiple, type == ::sluice::LayerType::Csa ? config.csaRate
                                                              : config.hcaRate);
  return multiple;
}

/// What the plan says about the model. -1: there is no such token.
static DictionaryAttr describeModel(Builder &builder, const ModelConfig &config,
                                    const WeightTypes &weights) {
  std::vector<const TensorInfo *> used(weights.used().begin(),
                                       weights.used().end());
  std::string identity = ::sluice::modelIdentity(used, config.fields).hex();
  SmallVector<NamedAttribute> fields;
  for (const auto &[key, value] : config.fields)
    fields.push_back(builder.getNamedAttr(key, builder.getStringAttr(value)));
  auto number = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  return builder.getDictionaryAttr({
      builder.getNamedAttr("architecture",
                           builder.getStringAttr(config.architecture)),
      builder.getNamedAttr("vocabulary", number(config.vocabSize)),
      builder.getNamedAttr("max_context", number(config.maxPositions)),
      builder.getNamedAttr("page_multiple", number(pageMultiple(config))),
      builder.getNamedAttr("bos", number(config.bosId.value_or(-1))),
      builder.getNamedAttr(
          "eos", number(config.eosIds.empty() ? -1 : config.eosIds.front())),
      builder.getNamedAttr("config", builder.getDictionaryAttr(fields)),
      builder.getNamedAttr("identity", builder.getStringAttr(identity)),
  });
}

static constexpr size_t mostNamed = 10;

static void warnOfUnused(MLIRContext *context, const Checkpoint &checkpoint,
                         const WeightTypes &weights) {
  std::vector<const TensorInfo *> unused =
      ::sluice::unusedTensors(checkpoint, [&](const TensorInfo &tensor) {
        return weights.used().contains(&tensor);
      });
  if (unused.empty())
    return;
  std::string names;
  for (const TensorInfo *tensor : ArrayRef(unused).take_front(mostNamed))
    names += (names.empty() ? "" : ", ") + ::sluice::inQuotes(tensor->name);
  emitWarning(UnknownLoc::get(context))
      << "the model does not use " << unused.size() << " tensor"
      << (unused.size() == 1 ? "" : "s") << " of the checkpoint: " << names
      << (unused.size() > mostNamed ? ", .." : "");
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::sluice::importModel(MLIRContext *context, const ModelConfig &config,
                          const Checkpoint &checkpoint) {
  context->loadDialect<arith::ArithDialect, attn::AttnDialect,
                       func::FuncDialect, hc::HcDialect, moe::MoeDialect,
                       plan::PlanDialect, scaled::ScaledDialect>();
  auto location = UnknownLoc::get(context);
  ::sluice::Result<::sluice::Names> names =
      ::sluice::Names::detect(checkpoint, config.moeIntermediate);
  if (!names.ok())
    return emitError(location) << names.status().message();

  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  Kinds kinds(*module);
  WeightTypes weights(context, config, checkpoint, *std::move(names));
  // Last in the text: the kinds are there once they have been called.
  module->push_back(writeStep(kinds, weights, config, context));
  if (weights.finish())
    return failure();
  Builder builder(context);
  (*module)->setAttr("plan.model", describeModel(builder, config, weights));
  warnOfUnused(context, checkpoint, weights);
  if (failed(verify(*module)))
    return failure();
  return module;
}
