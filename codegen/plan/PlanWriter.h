#pragma once

#include "codegen/cpu/CpuImage.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::sluice {

/// Code of one target, for all kernels.
struct PlanTarget {
  std::string name; // as LLVM names it: "x86-64-v3", "sm_80"
  CpuImage image;
  std::string ptx = {};   // instead of the image, for a GPU
  std::string cubin = {}; // beside the PTX; may be empty

  bool isGpu() const { return !ptx.empty(); }
  StringRef bytes() const { return isGpu() ? ptx : image.bytes; }
};

/// What goes into a plan file beside the module.
struct PlanParts {
  std::vector<PlanTarget> targets; // at least one, in order of preference
  std::string mode = "exact";
  std::vector<uint8_t> tokenizer; // tables (runtime/text); empty: no section
  std::string provenance;         // JSON; empty: no section
};

/// The bytes of the plan file of `module`, which sluice-schedule and the
/// lowering have been through. Only stacks and states that a launch uses are
/// written. Equal input gives equal bytes. Errors are emitted where they are:
/// no plan.model, a kernel without a variant for a target, code that an image
/// lacks, an output that no launch makes.
FailureOr<std::vector<uint8_t>> writePlan(ModuleOp module,
                                          const PlanParts &parts);

} // namespace mlir::sluice
