#pragma once

#include "llvm/ADT/StringRef.h"

namespace mlir::sluice {

/// A GPU we emit PTX for. The version is the oldest that knows the processor,
/// so that the oldest driver takes it; LLVM aborts on one that is older.
struct PtxTarget {
  llvm::StringRef name;    // as LLVM names the processor
  llvm::StringRef version; // as LLVM names the feature
};

/// Null for a name that is none.
const PtxTarget *findPtxTarget(llvm::StringRef name);

} // namespace mlir::sluice
