#include "passes/lower/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/lower/Ops.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_LOWERPASS
#include "passes/lower/Passes.h.inc"
namespace {

LogicalResult lowerOp(Operation *root, lower::Lowering &lowering) {
  lowering.enter(root);
  return llvm::TypeSwitch<Operation *, LogicalResult>(root)
      .Case<scaled::LinearOp, scaled::TakeOp, scaled::RoundOp, hc::ExpandOp,
            hc::PreOp, hc::PostOp, hc::HeadOp, hc::NormOp, attn::RopeOp,
            attn::CommitOp, attn::CompressOp, attn::SelectOp, attn::AttendOp,
            moe::RouteOp, moe::GroupOp, moe::MatmulOp, moe::GluOp,
            moe::CombineOp, arith::AddFOp>([&](auto op) {
        lower::lower(op, lowering);
        return success();
      })
      .Default([](Operation *op) {
        return op->emitOpError("has no lowering to a kernel");
      });
}

/// Writes a variant whose stages are numbered from `stages` on, and adds its
/// own to that.
LogicalResult lowerVariant(plan::KernelOp kernel, const lower::Target &target,
                           bool few, unsigned &stages) {
  lower::Lowering lowering(kernel, target, few, stages);
  SmallVector<Operation *> roots = kernel.getRoots();
  for (Operation *root : roots)
    if (failed(lowerOp(root, lowering)))
      return failure();
  lowering.compose();
  for (Operation *root : roots)
    if (failed(lowerOp(root, lowering)))
      return failure();
  lowering.finish();
  stages += lowering.stageCount();
  return success();
}

/// Lowers the ops of one kernel for one target. Of two variants the one for
/// few rows stands first.
LogicalResult lowerKernel(plan::KernelOp kernel, const lower::Target &target) {
  unsigned stages = 0;
  if (failed(lowerVariant(kernel, target, /*few=*/false, stages)))
    return failure();
  return success(!lower::hasFewRowsVariant(kernel) ||
                 succeeded(lowerVariant(kernel, target, /*few=*/true, stages)));
}

struct LowerPass : impl::LowerPassBase<LowerPass> {
  using LowerPassBase::LowerPassBase;
  void runOnOperation() override {
    SmallVector<std::string> names(targets.begin(), targets.end());
    if (names.empty())
      names = {"x86-64-v3", "x86-64-v4"};
    SmallVector<plan::KernelOp> kernels(
        getOperation().getOps<plan::KernelOp>());
    for (const std::string &name : names) {
      const lower::Target *target = lower::findTarget(name);
      if (!target) {
        mlir::emitError(getOperation().getLoc())
            << "expected a target x86-64-v3, x86-64-v4 or sm_80 .. sm_121, got "
               "\""
            << name << "\"";
        return signalPassFailure();
      }
      for (plan::KernelOp kernel : kernels)
        if (failed(lowerKernel(kernel, *target)))
          return signalPassFailure();
    }
  }
};

} // namespace
} // namespace mlir::sluice
