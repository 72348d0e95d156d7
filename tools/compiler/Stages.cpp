#include "tools/compiler/Stages.h"

#include "runtime/base/FileWriter.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <fmt/format.h>

using namespace mlir;
using namespace mlir::sluice;

StringRef mlir::sluice::stageName(Stage stage) {
  static constexpr StringRef names[] = {"frontend", "flatten", "numerics",
                                        "fuse",     "outline", "schedule",
                                        "lower",    "codegen", ""};
  return names[static_cast<size_t>(stage)];
}

std::string mlir::sluice::irText(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module->print(out, OpPrintingFlags().printNameLocAsPrefix());
  out << '\n';
  return text;
}

void StageLog::say(std::string_view what) {
  if (!options.progress)
    return;
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  fmt::print(stderr, "sluice-compile: {:<8} done after {:.1f} s\n", what,
             seconds.count());
}

void StageLog::finish(Stage stage, ModuleOp module) {
  std::string name = stageName(stage).str();
  say(name.empty() ? "plan" : name);
  if (options.dumpIr.empty() || name.empty() || !theStatus.ok())
    return;
  SmallString<128> path(options.dumpIr);
  llvm::sys::path::append(path,
                          fmt::format("{}-{}.mlir", int(stage) + 1, name));
  theStatus = ::sluice::writeFile(path.str().str(), irText(module));
}

namespace {
class StageWatch : public PassInstrumentation {
public:
  explicit StageWatch(StageLog &log) : log(log) {}

  // Which of the fusions is the last depends on --fuse.
  void runBeforePass(Pass *pass, Operation *op) override {
    if (pass->getArgument() == "sluice-outline")
      log.finish(Stage::Fuse, cast<ModuleOp>(op));
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    auto module = dyn_cast<ModuleOp>(op);
    std::optional<Stage> stage =
        llvm::StringSwitch<std::optional<Stage>>(pass->getArgument())
            .Case("sluice-flatten", Stage::Flatten)
            .Case("sluice-numerics", Stage::Numerics)
            .Case("sluice-outline", Stage::Outline)
            .Case("sluice-schedule", Stage::Schedule)
            .Default(std::nullopt);
    if (module && stage)
      log.finish(*stage, module);
  }

private:
  StageLog &log;
};
} // namespace

std::unique_ptr<PassInstrumentation> mlir::sluice::watchStages(StageLog &log) {
  return std::make_unique<StageWatch>(log);
}
