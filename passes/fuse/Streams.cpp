#include "dialects/hc/HcDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSESTREAMSPASS
#include "passes/fuse/Passes.h.inc"
namespace {

struct FuseStreamsPass : impl::FuseStreamsPassBase<FuseStreamsPass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    Block &step = entry->getBody().front();
    for (auto op : llvm::to_vector(step.getOps<hc::PreOp>()))
      join(op, op.getStreams(), op.getX());
    for (auto op : llvm::to_vector(step.getOps<hc::HeadOp>()))
      join(op, op.getStreams(), op.getX());
  }

  static void join(Operation *collapse, Value streams, Value x) {
    Operation *source = streams.getDefiningOp();
    if (!isa_and_nonnull<hc::PostOp, hc::ExpandOp>(source))
      return;
    SmallVector<Operation *> ops{source, collapse};
    if (auto norm = dyn_cast_or_null<hc::NormOp>(fuse::onlyUser(x)))
      ops.push_back(norm);
    fuse::merge(ops, "streams");
  }
};

} // namespace
} // namespace mlir::sluice
