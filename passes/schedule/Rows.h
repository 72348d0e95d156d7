#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::sluice {

/// The function that carries `plan.entry`, or an error on `module`.
FailureOr<func::FuncOp> findEntry(ModuleOp module);

/// arith.addf of tensors: the one upstream op that becomes a kernel.
bool isTensorAdd(Operation *op);

/// Dimension 0 of values of the flat step, as an expression over its symbols:
/// from `plan.rows` of the entry's arguments through the ops. Remembers what it
/// found; the step must not change under it.
class RowInference {
public:
  /// Null where rows cannot be told.
  plan::ExprAttr rowsOf(Value value);

  /// The rows of `value`, or an error on its definition.
  FailureOr<plan::ExprAttr> require(Value value);

private:
  plan::ExprAttr infer(Value value);

  DenseMap<Value, plan::ExprAttr> known;
};

} // namespace mlir::sluice
