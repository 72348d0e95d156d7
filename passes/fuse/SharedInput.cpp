#include "dialects/scaled/ScaledDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSESHAREDINPUTPASS
#include "passes/fuse/Passes.h.inc"
namespace {

struct FuseSharedInputPass
    : impl::FuseSharedInputPassBase<FuseSharedInputPass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    llvm::MapVector<Value, SmallVector<Operation *>> readers;
    for (Operation &op : entry->getBody().front())
      if (Value x = inputOf(&op))
        readers[x].push_back(&op);
    for (auto &[x, ops] : readers)
      if (ops.size() > 1)
        fuse::merge(ops, "products");
  }

  /// What the product `op`, or the products that the dispatch `op` begins with,
  /// read; null for any other op.
  static Value inputOf(Operation *op) {
    if (auto linear = dyn_cast<scaled::LinearOp>(fuse::parts(op).front()))
      return linear.getX();
    return nullptr;
  }
};

} // namespace
} // namespace mlir::sluice
