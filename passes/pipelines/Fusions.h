#pragma once

#include "mlir/Pass/Pass.h"

#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::sluice {

/// A fusion that --fuse can leave out.
struct Fusion {
  StringRef name; // the pass is "sluice-fuse-" + name
  std::unique_ptr<Pass> (*create)();
};

/// In the order in which they run.
ArrayRef<Fusion> allFusions();

/// The fusions of a list as --fuse takes it: "all", "none" and names from left
/// to right, "-name" takes one out again. The error names what there is.
llvm::Expected<std::vector<Fusion>> selectFusions(StringRef list);

} // namespace mlir::sluice
