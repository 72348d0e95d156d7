#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <string>

namespace mlir::sluice {

/// Position-independent code and read-only data of all kernels for one CPU
/// target, with every relocation resolved: it runs where it is mapped.
struct CpuImage {
  std::string bytes;
  uint64_t codeBytes = 0; // instructions come first, then read-only data
  llvm::StringMap<uint64_t> entries; // offset of each stage function, by name
};

/// Compiles the stage functions of `target` in a module that sluice-lower has
/// been through. The module is left as it is. Emits an error and fails when
/// LLVM cannot, or when the code would need anything outside itself.
FailureOr<CpuImage> emitCpuImage(ModuleOp module, StringRef target);

} // namespace mlir::sluice
