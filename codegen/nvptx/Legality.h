#pragma once

#include "codegen/nvptx/PtxTarget.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::sluice {

/// Whether LLVM can select every operation of `kernels`, which are in LLVM's
/// dialect, for `target`. What it cannot select it dies of, so what is not in
/// the table of operations is a diagnostic where it stands, with the kernel's
/// name.
LogicalResult checkLegal(ModuleOp kernels, const PtxTarget &target);

} // namespace mlir::sluice
