#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::sluice {

/// Compiles a module of the LLVM dialect to one relocatable ELF object for the
/// CPU `target` ("x86-64-v3", "x86-64-v4").
FailureOr<llvm::SmallVector<char, 0>> compileObject(ModuleOp module,
                                                    StringRef target);

} // namespace mlir::sluice
