#pragma once

#include "codegen/cpu/CpuImage.h"
#include "llvm/Support/Error.h"

namespace mlir::sluice {

/// Lays the code and read-only data of a relocatable x86-64 ELF object into one
/// image and resolves its relocations. Fails on an undefined symbol, writable
/// data or an absolute address: an image depends on nothing and runs anywhere.
llvm::Expected<CpuImage> linkImage(StringRef object);

} // namespace mlir::sluice
