#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::sluice {

/// Inlines every func.call in `entry`, and those in what it inlined, until none
/// is left. Errors: a callee that is missing, has no single block, or calls
/// itself.
LogicalResult inlineKinds(func::FuncOp entry);

} // namespace mlir::sluice
