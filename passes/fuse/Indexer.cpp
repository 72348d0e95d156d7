#include "dialects/attn/AttnDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSEINDEXERPASS
#include "passes/fuse/Passes.h.inc"
namespace {

struct FuseIndexerPass : impl::FuseIndexerPassBase<FuseIndexerPass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    for (auto select :
         llvm::to_vector(entry->getBody().getOps<attn::SelectOp>())) {
      auto rope = select.getQ().getDefiningOp<attn::RopeOp>();
      if (rope && rope.getY().hasOneUse())
        fuse::merge({rope, select}, "index");
    }
  }
};

} // namespace
} // namespace mlir::sluice
