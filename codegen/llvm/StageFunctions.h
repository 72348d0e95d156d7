#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::sluice {

/// A module with the stage functions of `target` only, and what they refer to.
OwningOpRef<ModuleOp> selectStages(ModuleOp module, StringRef target);

/// Turns its functions into LLVM's dialect. Errors are diagnostics.
LogicalResult lowerStages(ModuleOp module);

} // namespace mlir::sluice
