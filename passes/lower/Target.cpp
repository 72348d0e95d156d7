#include "passes/lower/Target.h"

#include "llvm/ADT/STLExtras.h"

namespace mlir::sluice::lower {

// A thread of a GPU loads 16 bytes of f32 at once. The tiles of a CPU are what
// its registers hold: -v3 has 16 of 8 lanes, of which a vector of ours takes
// two, -v4 has 32 of 16 lanes.
static constexpr Target targets[] = {
    // name, lanes, threads, tileRows, tileOutputs, productWarps
    {"x86-64-v3", 16, 1, 2, 2, 1}, {"x86-64-v4", 16, 1, 4, 4, 1},
    {"sm_80", 128, 32, 4, 2, 8},   {"sm_86", 128, 32, 4, 2, 8},
    {"sm_89", 128, 32, 4, 2, 8},   {"sm_90", 128, 32, 4, 2, 8},
    {"sm_100", 128, 32, 4, 2, 8},  {"sm_103", 128, 32, 4, 2, 8},
    {"sm_120", 128, 32, 4, 2, 8},  {"sm_121", 128, 32, 4, 2, 8},
};

const Target *findTarget(llvm::StringRef name) {
  const auto *found = llvm::find_if(
      targets, [&](const Target &target) { return target.name == name; });
  return found == std::end(targets) ? nullptr : found;
}

llvm::ArrayRef<Target> allTargets() { return targets; }

} // namespace mlir::sluice::lower
