#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace mlir::sluice {

/// PTX of the stage functions of `target`, one kernel each under its own name.
/// Errors, also of LLVM's back end, are diagnostics.
FailureOr<std::string> emitPtx(ModuleOp module, StringRef target);

} // namespace mlir::sluice
