#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::sluice {

/// The plan.handle that `log`, a handle or one a writer returned, goes back to;
/// null where it does not.
Value rootHandle(Value log);

/// Checks the laws of state (passes/schedule/Passes.td) on the flat `entry`, in
/// which every log has one plan.handle.
LogicalResult checkLaws(func::FuncOp entry);

} // namespace mlir::sluice
