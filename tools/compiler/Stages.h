#pragma once

#include "tools/compiler/Compiler.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassInstrumentation.h"

#include <chrono>

namespace mlir::sluice {

/// "frontend", as --stop-after spells it; nothing for the plan itself.
StringRef stageName(Stage stage);

/// The module as text: values have names, locations are left out.
std::string irText(ModuleOp module);

/// Says how far the compilation is and keeps the IR after each stage.
class StageLog {
public:
  explicit StageLog(const CompileOptions &options) : options(options) {}

  /// `module` has been through `stage`: writes its dump and progress line.
  void finish(Stage stage, ModuleOp module);
  /// The progress line of a part of a stage.
  void say(std::string_view what);
  /// The first dump that could not be written.
  const ::sluice::Status &status() const { return theStatus; }

private:
  const CompileOptions &options;
  ::sluice::Status theStatus;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

/// Tells a StageLog when the last pass of a stage is done.
std::unique_ptr<PassInstrumentation> watchStages(StageLog &log);

} // namespace mlir::sluice
