#include "codegen/nvptx/PtxTarget.h"

#include "llvm/ADT/STLExtras.h"

namespace mlir::sluice {

// PTX ISA 9.0, "Release Notes": the version that added each processor.
static constexpr PtxTarget targets[] = {
    {"sm_80", "+ptx70"},  {"sm_86", "+ptx71"},  {"sm_89", "+ptx78"},
    {"sm_90", "+ptx78"},  {"sm_100", "+ptx86"}, {"sm_103", "+ptx88"},
    {"sm_120", "+ptx87"}, {"sm_121", "+ptx88"},
};

const PtxTarget *findPtxTarget(llvm::StringRef name) {
  const auto *found = llvm::find_if(
      targets, [&](const PtxTarget &target) { return target.name == name; });
  return found == std::end(targets) ? nullptr : found;
}

} // namespace mlir::sluice
