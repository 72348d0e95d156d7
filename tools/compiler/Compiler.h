#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace mlir::sluice {

/// The stages of a compilation, in order. `Plan` is the file.
enum class Stage {
  Frontend,
  Flatten,
  Numerics,
  Fuse,
  Outline,
  Schedule,
  Lower,
  Codegen,
  Plan
};

struct CompileOptions {
  std::string model;  // a Hugging Face model directory
  std::string output; // "-": standard output
  /// Anything but Plan: the output is the IR after that stage.
  Stage stopAfter = Stage::Plan;
  std::string dumpIr; // a folder for one .mlir file a stage; empty: none
  std::string keep;   // probes to make outputs, separated by commas
  std::string numerics = "exact";   // or bf16, native
  std::string fuse = "all";         // as selectFusions takes it
  std::vector<std::string> targets; // as LLVM names them, best last
  bool cubin = false;               // PTX is assembled as well, by ptxas
  unsigned threads = 0;             // 0: one for each core
  bool verifyEach = false;          // after every pass, not only every stage
  bool progress = false;            // a line on standard error for each stage
};

/// Compiles. Writes the plan and, beside it, `output`.model with the model's
/// absolute path, or neither. Warnings go to standard error. Errors: BadInput
/// for a model that is damaged or none of ours, Incompatible for one that the
/// targets cannot run, OutputNotWritten.
::sluice::Status compile(const CompileOptions &options);

/// Whether the options fit together, without a look at the model.
::sluice::Status checkCompile(const CompileOptions &options);

} // namespace mlir::sluice
