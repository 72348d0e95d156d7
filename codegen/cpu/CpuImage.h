#pragma once

#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <string>

namespace mlir::sluice {

/// Position-independent code and read-only data of all kernels for one CPU
/// target, with every relocation resolved: it runs where it is mapped.
struct CpuImage {
  std::string bytes;
  llvm::StringMap<uint64_t> entries; // offset of each stage function, by name
};

} // namespace mlir::sluice
