#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSEGATEPASS
#include "passes/fuse/Passes.h.inc"
namespace {

struct FuseGatePass : impl::FuseGatePassBase<FuseGatePass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    for (auto route :
         llvm::to_vector(entry->getBody().getOps<moe::RouteOp>())) {
      Value logits = route.getLogits();
      auto product = logits.getDefiningOp<scaled::LinearOp>();
      if (!product || !logits.hasOneUse())
        continue;
      SmallVector<Operation *> ops{product, route};
      for (Operation *user : route.getExperts().getUsers())
        if (isa<moe::GroupOp>(user) && user->getBlock() == route->getBlock())
          ops.push_back(user);
      fuse::merge(ops, "gate");
    }
  }
};

} // namespace
} // namespace mlir::sluice
