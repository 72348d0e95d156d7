#include "codegen/plan/KernelCost.h"
#include "codegen/plan/PlanAssembler.h"

#include "dialects/scaled/ScaledTypes.h"

#include <limits>

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;

LogicalResult PlanAssembler::collectVariants() {
  for (auto variant : module.getOps<plan::VariantOp>()) {
    auto kernel = symbols.lookup<plan::KernelOp>(variant.getKernel());
    if (!kernel)
      return variant.emitOpError("expected ")
             << variant.getKernelAttr() << " to be a plan.kernel";
    if (!targetNumber.contains(variant.getTarget()))
      return variant.emitOpError("expected one of the plan's targets, got \"")
             << variant.getTarget() << "\"";
    variantsOf[kernel].push_back(variant);
  }
  return success();
}

/// Words of a launch of `kernel`: its arguments, results and values.
uint32_t PlanAssembler::wordsOf(plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  uint32_t words = body.getTerminator()->getNumOperands();
  for (Type type : body.getArgumentTypes())
    words += isa<plan::BatchType>(type)                           ? 3
             : isa<plan::LogType, scaled::ScaledTensorType>(type) ? 2
                                                                  : 1;
  return words + (kernel.getValues() ? kernel.getValues()->size() : 0);
}

FailureOr<uint32_t> PlanAssembler::kernelIndex(plan::LaunchOp launch) {
  auto kernel = symbols.lookup<plan::KernelOp>(launch.getKernel());
  if (!kernel)
    return launch.emitOpError("expected ")
           << launch.getKernelAttr() << " to be a plan.kernel";
  if (auto known = kernelNumber.find(kernel); known != kernelNumber.end())
    return known->second;

  Tables<fb::Variant> variants;
  for (const auto &target : parts.targets) {
    bool any = false;
    for (plan::VariantOp variant : variantsOf.lookup(kernel)) {
      if (variant.getTarget() != target.name)
        continue;
      FailureOr<flatbuffers::Offset<fb::Variant>> table =
          writeVariant(variant, targetNumber.lookup(target.name));
      if (failed(table))
        return failure();
      variants.push_back(*table);
      any = true;
    }
    if (!any)
      return kernel.emitOpError("expected a plan.variant for the target \"")
             << target.name << "\", found none";
  }
  std::string sums = kernel.getSums().value_or("").str();
  KernelCost cost = costOf(kernel);
  auto costTable =
      fb::CreateCost(builder, exprs.index(cost.flops),
                     exprs.index(cost.weights), exprs.index(cost.state));
  uint32_t number = kernels.size();
  kernels.push_back(
      fb::CreateKernelDirect(builder, kernel.getSymName().str().c_str(),
                             sums.empty() ? nullptr : sums.c_str(),
                             wordsOf(kernel), &variants, costTable));
  kernelNumber[kernel] = number;
  return number;
}

FailureOr<flatbuffers::Offset<fb::Variant>>
PlanAssembler::writeVariant(plan::VariantOp variant, uint32_t target) {
  Tables<fb::Stage> stages;
  for (auto stage : variant.getBody().getOps<plan::StageOp>()) {
    FailureOr<flatbuffers::Offset<fb::Stage>> table = writeStage(stage, target);
    if (failed(table))
      return failure();
    stages.push_back(*table);
  }
  if (stages.empty())
    return variant.emitOpError("expected at least one plan.stage");
  Tables<fb::Bound> guard;
  if (plan::ExprAttr expr = variant.getGuardAttr())
    guard.push_back(fb::CreateBound(
        builder, exprs.index(expr),
        variant.getAtLeastAttr() ? variant.getAtLeastAttr().getInt() : 0,
        variant.getAtMostAttr() ? variant.getAtMostAttr().getInt()
                                : std::numeric_limits<int64_t>::max()));
  std::vector<uint32_t> bytes;
  for (auto expr : variant.getBuffers().getAsRange<plan::ExprAttr>())
    bytes.push_back(exprs.index(expr));
  return fb::CreateVariantDirect(builder, target, &guard, &bytes, &stages);
}

FailureOr<flatbuffers::Offset<fb::Stage>>
PlanAssembler::writeStage(plan::StageOp stage, uint32_t target) {
  FailureOr<uint32_t> number = codeIndex(stage, target);
  if (failed(number))
    return failure();
  std::vector<uint32_t> grid;
  for (auto expr : stage.getGrid().getAsRange<plan::ExprAttr>())
    grid.push_back(exprs.index(expr));
  if (grid.size() != 3)
    return stage.emitOpError("expected a grid of three counts, got ")
           << grid.size();
  return fb::CreateStageDirect(
      builder, &grid, exprs.index(stage.getScratchAttr()),
      static_cast<uint32_t>(stage.getThreads()), *number);
}

FailureOr<uint32_t> PlanAssembler::codeIndex(plan::StageOp stage,
                                             uint32_t target) {
  const CpuImage &image = parts.targets[target].image;
  if (parts.targets[target].isGpu()) {
    auto [known, isNew] =
        entryNumber.try_emplace(stage.getCodeAttr(), uint32_t(code.size()));
    if (isNew)
      code.push_back(fb::CreateCodeDirect(builder, target, /*offset=*/0,
                                          stage.getCode().str().c_str()));
    return known->second;
  }
  auto entryPoint = image.entries.find(stage.getCode());
  if (entryPoint == image.entries.end())
    return stage.emitOpError("expected ")
           << stage.getCodeAttr() << " in the image of \""
           << parts.targets[target].name << "\", found no such entry";
  uint64_t offset = entryPoint->second;
  auto [number, isNew] =
      codeNumber.try_emplace({target, offset}, uint32_t(code.size()));
  if (isNew)
    code.push_back(fb::CreateCode(builder, target, offset));
  return number->second;
}
