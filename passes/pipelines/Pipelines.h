#pragma once

#include "passes/pipelines/Fusions.h"

#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace mlir::sluice {

struct PipelineOptions {
  /// Names of probes to keep as outputs, separated by commas: "hidden".
  std::string keep;
  /// What to lower for, as LLVM names it: "x86-64-v3".
  std::vector<std::string> targets;
  /// exact, bf16 or native.
  std::string numerics = "exact";
  std::vector<Fusion> fusions;
  /// The last stage to run: frontend flatten numerics fuse outline schedule
  /// lower.
  /// Empty, or a name that is later than those: all of them.
  std::string stopAfter;
};

/// Adds the passes from an imported module to a lowered one.
void buildPipeline(OpPassManager &manager, const PipelineOptions &options);

/// Registers the pipeline as --sluice-pipeline.
void registerPipelines();

} // namespace mlir::sluice
