#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/lower/Composition.h"

namespace mlir::sluice::lower {

// Of a weight that one block may multiply with all alone.
static constexpr int64_t kSmallBytes = 256 << 10;

static bool isSmall(Type weight) {
  return llvm::product_of(scaled::weightShape(weight)) *
             scaled::weightElementType(weight).getIntOrFloatBitWidth() / 8 <=
         kSmallBytes;
}

static bool isShared(plan::KernelOp kernel) {
  return kernel.getRoots().size() > 1;
}

/// Whether an op of the kernel goes on with a row of all outputs.
static bool feedsRoute(scaled::LinearOp op) {
  return llvm::any_of(op.getY().getUsers(), llvm::IsaPred<moe::RouteOp>);
}

/// Whether `op` may have the form Rows.
static bool takesRows(Operation *op) {
  if (auto linear = dyn_cast<scaled::LinearOp>(op))
    return feedsRoute(linear) && isSmall(linear.getW().getType());
  if (auto pre = dyn_cast<hc::PreOp>(op))
    return isSmall(pre.getFn().getType());
  if (auto head = dyn_cast<hc::HeadOp>(op))
    return isSmall(head.getFn().getType());
  return false;
}

static bool isProduct(Value value) {
  return isa_and_nonnull<scaled::LinearOp, moe::MatmulOp>(
      value.getDefiningOp());
}

Form formOf(plan::KernelOp kernel, Operation *op, bool few) {
  if (!isShared(kernel))
    return Form::Own;
  if (few && takesRows(op))
    return Form::Rows;
  if (auto glu = dyn_cast<moe::GluOp>(op))
    return isProduct(glu.getGate()) && isProduct(glu.getUp()) ? Form::Tile
                                                              : Form::Own;
  if (isa<hc::NormOp, attn::RopeOp>(op) &&
      llvm::any_of(kernel.getRoots(), llvm::IsaPred<attn::AttendOp>))
    return Form::Heads;
  return Form::Own;
}

bool hasFewRowsVariant(plan::KernelOp kernel) {
  return isShared(kernel) && llvm::any_of(kernel.getRoots(), takesRows);
}

} // namespace mlir::sluice::lower
