#include "passes/quantize/numerics/Rewrites.h"

#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::sluice;

/// Whether somebody needs the f32 of a product: scores, pooling, the caller.
static bool needsFloat(scaled::LinearOp product) {
  return llvm::any_of(product->getUsers(), [](Operation *user) {
    return isa<moe::RouteOp, attn::CompressOp, plan::OutputOp>(user);
  });
}

/// The result of `op` that is an activation to narrow, or none.
static OpResult activation(Operation *op) {
  if (auto product = dyn_cast<scaled::LinearOp>(op))
    return needsFloat(product) ? OpResult() : op->getResult(0);
  if (isa<scaled::TakeOp, hc::ExpandOp, hc::PreOp, hc::PostOp, hc::HeadOp,
          hc::NormOp, attn::RopeOp, attn::AttendOp, moe::MatmulOp, moe::GluOp,
          moe::CombineOp, arith::AddFOp>(op))
    return op->getResult(0);
  return {};
}

static plan::LogType narrowed(plan::LogType log) {
  return plan::LogType::get(log.getContext(), log.getShape(),
                            BFloat16Type::get(log.getContext()), log.getKeep(),
                            log.getEvery());
}

/// Whether rows of the log are pooled later, which is done on f32.
static bool isTail(Value handle) {
  return llvm::any_of(handle.getUsers(), [&](Operation *user) {
    auto compress = dyn_cast<attn::CompressOp>(user);
    return compress && compress.getTail() == handle;
  });
}

static void narrowState(plan::HandleOp handle) {
  plan::LogType type = narrowed(handle.getType());
  auto state = SymbolTable::lookupNearestSymbolFrom<plan::StateOp>(
      handle, handle.getStateAttr());
  state.setType(type);
  handle.getResult().setType(type);
  for (Operation *user : handle->getUsers())
    if (auto compress = dyn_cast<attn::CompressOp>(user))
      compress.getResult().setType(type);
}

void numerics::narrow(func::FuncOp entry) {
  Type bf16 = BFloat16Type::get(entry.getContext());
  for (Operation &op : entry.getBody().front()) {
    if (OpResult result = activation(&op)) {
      auto type = cast<RankedTensorType>(result.getType());
      result.setType(type.clone(bf16));
    } else if (auto handle = dyn_cast<plan::HandleOp>(op)) {
      if (!isTail(handle))
        narrowState(handle);
    }
  }
}
