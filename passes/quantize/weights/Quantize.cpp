#include "dialects/attn/AttnDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/quantize/rules/QuantizeRules.h"
#include "passes/quantize/weights/Passes.h"
#include "passes/schedule/Rows.h"
#include "llvm/ADT/MapVector.h"

#include <optional>

namespace mlir::sluice {
#define GEN_PASS_DEF_QUANTIZEPASS
#include "passes/quantize/weights/Passes.h.inc"
namespace {

using ::sluice::BlockFormat;
using ::sluice::QuantizeRules;
using ::sluice::WeightClass;

/// Whether the numbers of a product choose, pool or leave: such weights are
/// small, and not quantized in any release.
bool isDelicate(scaled::LinearOp product) {
  return llvm::any_of(product->getUses(), [](OpOperand &use) {
    if (auto select = dyn_cast<attn::SelectOp>(use.getOwner()))
      return use.get() == select.getG();
    return isa<moe::RouteOp, attn::CompressOp, plan::OutputOp>(use.getOwner());
  });
}

/// What the rules call `weight`, if they may change it.
std::optional<WeightClass> classOf(plan::WeightOp weight) {
  std::optional<WeightClass> result;
  for (OpOperand &use : weight->getUses()) {
    if (auto product = dyn_cast<moe::MatmulOp>(use.getOwner()))
      result = WeightClass::Experts;
    else if (auto product = dyn_cast<scaled::LinearOp>(use.getOwner());
             product && !isDelicate(product))
      result = WeightClass::Dense;
    else
      return std::nullopt; // somebody else reads it, too
  }
  return result;
}

std::string filled(StringRef name, StringRef hole, int64_t number) {
  std::string text = name.str();
  size_t at = text.find(hole);
  return at == text.npos
             ? text
             : text.replace(at, hole.size(), std::to_string(number));
}

/// Null, with an error, if the format does not take the shape.
Type quantized(plan::StackOp stack, RankedTensorType type, BlockFormat format) {
  MLIRContext *context = type.getContext();
  auto [rows, columns] = ::sluice::blockShape(format);
  Type element = format == BlockFormat::Fp8
                     ? Type(Float8E4M3FNType::get(context))
                     : Type(Float4E2M1FNType::get(context));
  auto fail = [&] { return stack.emitError(); };
  Type scale = Float8E8M0FNUType::get(context);
  if (failed(scaled::ScaledTensorType::verify(fail, type.getShape(), element,
                                              rows, columns, scale)))
    return {};
  return scaled::ScaledTensorType::get(context, type.getShape(), element, rows,
                                       columns, scale);
}

/// "layers.{}.attn.wq_a.weight" -> "layers.{}.attn.wq_a.scale"
std::string scaleName(StringRef name) {
  name.consume_back("weight");
  return (name + (name.ends_with(".") ? "scale" : "_scale")).str();
}

struct QuantizePass : impl::QuantizePassBase<QuantizePass> {
  using QuantizePassBase::QuantizePassBase;

  void runOnOperation() override {
    auto parsed = QuantizeRules::parse(rules);
    if (!parsed.ok())
      return fail(parsed.status());
    chosen = *std::move(parsed);
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    llvm::MapVector<StringAttr, SmallVector<plan::WeightOp>> uses;
    for (auto weight : entry->getBody().getOps<plan::WeightOp>())
      uses[weight.getStackAttr().getAttr()].push_back(weight);
    SymbolTable symbols(getOperation());
    for (auto &[name, weights] : uses) {
      auto stack = symbols.lookup<plan::StackOp>(name);
      if (stack && failed(rewrite(stack, weights, symbols)))
        return signalPassFailure();
    }
    if (::sluice::Status status = chosen->checkUsed(); !status.ok())
      fail(status);
  }

private:
  void fail(const ::sluice::Status &status) {
    mlir::emitError(getOperation().getLoc(), status.message());
    signalPassFailure();
  }

  FailureOr<BlockFormat> formatOf(plan::StackOp stack, int64_t layer,
                                  WeightClass weights);
  LogicalResult rewrite(plan::StackOp stack, ArrayRef<plan::WeightOp> weights,
                        SymbolTable &symbols);

  std::optional<QuantizeRules> chosen;
};

/// The format of a layer's weight, the same for all its experts.
FailureOr<BlockFormat> QuantizePass::formatOf(plan::StackOp stack,
                                              int64_t layer,
                                              WeightClass weights) {
  std::string name = filled(stack.getName(), "{}", layer);
  bool each = StringRef(name).contains("{e}");
  int64_t experts =
      each ? scaled::weightShape(stack.getType()).front() : int64_t(1);
  std::optional<BlockFormat> first;
  for (int64_t e = 0; e < experts; ++e) {
    auto format = chosen->formatOf(filled(name, "{e}", e), weights);
    if (!format.ok())
      return stack.emitError(format.status().message());
    if (first && *first != *format)
      return stack.emitError("expected one format for the experts of a layer, "
                             "got ")
             << ::sluice::formatName(*first) << " and "
             << ::sluice::formatName(*format) << " for " << name;
    first = *format;
  }
  return *first;
}

LogicalResult QuantizePass::rewrite(plan::StackOp stack,
                                    ArrayRef<plan::WeightOp> weights,
                                    SymbolTable &symbols) {
  std::optional<WeightClass> kind = classOf(weights.front());
  if (!kind)
    return success();
  // Layers by format; a stack without layers has one weight.
  ArrayRef<int64_t> layers = stack.getLayers();
  llvm::MapVector<BlockFormat, SmallVector<int64_t>> groups;
  SmallVector<BlockFormat> formats;
  for (size_t i = 0; i < std::max<size_t>(layers.size(), 1); ++i) {
    FailureOr<BlockFormat> format =
        formatOf(stack, layers.empty() ? 0 : layers[i], *kind);
    if (failed(format))
      return failure();
    formats.push_back(*format);
    groups[*format].push_back(i);
  }
  auto plain = dyn_cast<RankedTensorType>(stack.getType());
  if (!plain) {
    if (groups.size() == 1 && formats.front() == BlockFormat::Plain)
      return success();
    return stack.emitError("expected a weight that is not quantized yet, got ")
           << stack.getType();
  }
  StringAttr before = stack.getSymNameAttr();
  OpBuilder builder(stack);
  symbols.remove(stack); // the first copy takes its name
  for (auto &[format, positions] : groups) {
    auto copy = cast<plan::StackOp>(builder.clone(*stack));
    if (!layers.empty())
      copy.setLayers(llvm::map_to_vector(
          positions, [&](int64_t at) { return layers[at]; }));
    if (format != BlockFormat::Plain) {
      Type type = quantized(stack, plain, format);
      if (!type)
        return failure();
      copy.setType(type);
      copy.setScale(scaleName(stack.getName()));
      copy->setAttr("quantized",
                    builder.getStringAttr(::sluice::formatName(format)));
    }
    symbols.insert(copy);
    for (plan::WeightOp weight : weights) {
      auto at = llvm::find(positions, weight.getLayer());
      if (weight.getStackAttr().getAttr() != before || at == positions.end())
        continue;
      weight.setLayer(at - positions.begin());
      weight.setStackAttr(FlatSymbolRefAttr::get(copy.getSymNameAttr()));
      weight.getResult().setType(copy.getType());
    }
  }
  stack.erase();
  return success();
}

} // namespace
} // namespace mlir::sluice
