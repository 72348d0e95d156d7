#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/fuse/Merge.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Rows.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_FUSEROWTAILSPASS
#include "passes/fuse/Passes.h.inc"
namespace {

struct FuseRowTailsPass : impl::FuseRowTailsPassBase<FuseRowTailsPass> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> entry = findEntry(getOperation());
    if (failed(entry))
      return signalPassFailure();
    Block &step = entry->getBody().front();
    for (auto attend : llvm::to_vector(step.getOps<attn::AttendOp>()))
      joinAttention(attend);
    joinTails(step);
    joinCommits(step);
  }

private:
  static void joinAttention(attn::AttendOp attend);
  static void joinTails(Block &step);
  static void joinCommits(Block &step);
};

/// Norm and rope of the queries, by heads as attention has them, and the rope
/// that turns the result back.
void FuseRowTailsPass::joinAttention(attn::AttendOp attend) {
  SmallVector<Operation *> ops{attend};
  auto heads = attend.getHeads();
  Value q = attend.getQ();
  if (auto rope = q.getDefiningOp<attn::RopeOp>();
      rope && q.hasOneUse() && rope.getHeads() == heads) {
    ops.push_back(rope);
    q = rope.getX();
  }
  if (auto norm = q.getDefiningOp<hc::NormOp>();
      norm && q.hasOneUse() && norm.getHeads() == heads)
    ops.push_back(norm);
  if (auto rope = dyn_cast_or_null<attn::RopeOp>(fuse::onlyUser(attend.getO()));
      rope && rope.getHeads() == heads)
    ops.push_back(rope);
  fuse::merge(ops, "attend");
}

/// What the products that make `op`'s operand read, `op` being a norm or
/// compressor right after them.
static Value inputBehind(Operation *op) {
  Value made;
  if (auto norm = dyn_cast<hc::NormOp>(op))
    made = norm.getX();
  else if (auto compress = dyn_cast<attn::CompressOp>(op))
    made = compress.getC();
  auto product = fuse::madeBy<scaled::LinearOp>(made);
  return product ? product.getX() : Value();
}

void FuseRowTailsPass::joinTails(Block &step) {
  llvm::MapVector<Value, SmallVector<Operation *>> tails; // by what is behind
  for (Operation &op : step) {
    Value input = inputBehind(&op);
    if (!input)
      continue;
    tails[input].push_back(&op);
    if (auto norm = dyn_cast<hc::NormOp>(op))
      if (auto rope =
              dyn_cast_or_null<attn::RopeOp>(fuse::onlyUser(norm.getY())))
        tails[input].push_back(rope);
  }
  for (auto &[input, ops] : tails)
    fuse::merge(ops, "tails");
}

void FuseRowTailsPass::joinCommits(Block &step) {
  SmallVector<Operation *> commits;
  for (Operation &op : llvm::make_early_inc_range(step)) {
    if (isa<attn::CommitOp>(op)) {
      commits.push_back(&op);
      continue;
    }
    auto product = dyn_cast<scaled::LinearOp>(fuse::parts(&op).front());
    if (commits.empty() || !product ||
        !fuse::holds<attn::AttendOp, attn::RopeOp, scaled::RoundOp>(
            fuse::maker(product.getX())))
      continue;
    // Only a projection of what attention made has seen all readers.
    commits.push_back(&op);
    fuse::merge(commits, "project");
    commits.clear();
  }
}

} // namespace
} // namespace mlir::sluice
