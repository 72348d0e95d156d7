#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::sluice::lower {

/// What a lowering may know of its target: one row of a table.
struct Target {
  llvm::StringRef name; // as LLVM names it
  /// Elements of a vector in our orders of summation, on every target of a
  /// kind. A GPU's warp shares one, neighbours in a thread.
  int64_t lanes;
  /// Threads that run a block in lockstep: 1 on a CPU, a warp's 32 on a GPU.
  int64_t threads;
  int64_t tileRows; // rows and outputs of a product that share registers
  int64_t tileOutputs;
  int64_t productWarps; // of a block of a product

  bool isGpu() const { return threads > 1; }
  /// Elements of a vector that one thread holds.
  int64_t perThread() const { return lanes / threads; }
};

/// The targets we lower for, by name; null for an unknown one.
const Target *findTarget(llvm::StringRef name);
llvm::ArrayRef<Target> allTargets();

} // namespace mlir::sluice::lower
