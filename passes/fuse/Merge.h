#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::sluice::fuse {

/// The ops that will share a kernel with `op` so far: `op` alone, or what its
/// dispatch holds.
SmallVector<Operation *> parts(Operation *op);

/// Whether `op` is, or is a dispatch that holds, an op of one of these types.
template <typename... Ops> bool holds(Operation *op) {
  return op && llvm::any_of(parts(op), llvm::IsaPred<Ops...>);
}

/// The op of the step that `op` is or lies in.
Operation *inStep(Operation *op);

/// The op of the step that makes `value`, through its dispatch; null for an
/// argument.
Operation *maker(Value value);

/// The op that makes `value`, inside its dispatch.
template <typename Op> Op madeBy(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (auto dispatch = dyn_cast_or_null<plan::DispatchOp>(op))
    op = dispatch.getBody()
             .front()
             .getTerminator()
             ->getOperand(cast<OpResult>(value).getResultNumber())
             .getDefiningOp();
  return dyn_cast_or_null<Op>(op);
}

/// The only op of the step that uses `value`, or null.
Operation *onlyUser(Value value);

/// Puts ops of the step, or what the dispatches among them hold, into one
/// dispatch where the last of them stands. Null, and nothing changed, where
/// what one of them needs would have to run between two of them.
plan::DispatchOp merge(ArrayRef<Operation *> ops, StringRef name);

} // namespace mlir::sluice::fuse
