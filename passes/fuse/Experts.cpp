#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSEEXPERTSPASS
#include "passes/fuse/Passes.h.inc"
namespace {

/// The product that makes `value` for one user alone, or null.
Operation *ownProduct(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  return value && value.hasOneUse() &&
                 isa_and_nonnull<scaled::LinearOp, moe::MatmulOp>(op)
             ? op
             : nullptr;
}

/// Whether two products have one grid: all but the numbers is the same.
bool areAlike(Operation *x, Operation *y) {
  return x->getName() == y->getName() && x->getAttrs() == y->getAttrs() &&
         x->getOperandTypes() == y->getOperandTypes() &&
         x->getResultTypes() == y->getResultTypes();
}

struct FuseExpertsPass : impl::FuseExpertsPassBase<FuseExpertsPass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    Block &step = entry->getBody().front();
    for (auto glu : llvm::to_vector(step.getOps<moe::GluOp>())) {
      Operation *gate = ownProduct(glu.getGate()),
                *up = ownProduct(glu.getUp());
      if (gate && up && areAlike(gate, up))
        fuse::merge({gate, up, glu}, "swiglu");
    }
    for (auto combine : llvm::to_vector(step.getOps<moe::CombineOp>())) {
      SmallVector<Operation *> ops{combine};
      for (Value value : {combine.getY(), combine.getPlus()})
        if (Operation *product = ownProduct(value))
          ops.push_back(product);
      fuse::merge(ops, "combine");
    }
  }
};

} // namespace
} // namespace mlir::sluice
