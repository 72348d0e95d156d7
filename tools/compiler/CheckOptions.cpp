#include "codegen/nvptx/PtxTarget.h"
#include "codegen/nvptx/Ptxas.h"
#include "codegen/plan/TargetFeatures.h"
#include "passes/pipelines/Fusions.h"
#include "runtime/base/Quote.h"
#include "tools/compiler/Compiler.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>

using namespace mlir;
using namespace mlir::sluice;
using ::sluice::Status;

/// The name of the model's file that -o stands for, if any.
static std::string fileOfModel(const CompileOptions &options) {
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(options.model, error), end;
       !error && it != end; it.increment(error)) {
    StringRef extension = llvm::sys::path::extension(it->path());
    bool same = false;
    if ((extension == ".json" || extension == ".safetensors") &&
        !llvm::sys::fs::equivalent(it->path(), options.output, same) && same)
      return llvm::sys::path::filename(it->path()).str();
  }
  return {};
}

/// What is wrong with the options, before anything takes time.
Status mlir::sluice::checkCompile(const CompileOptions &options) {
  using ::sluice::invalidArgument;
  if (options.model.empty())
    return invalidArgument("expected the folder of a model, as in "
                           "sluice-compile MODEL_DIR -o X.plan; --help says "
                           "more");
  if (!llvm::sys::fs::is_directory(options.model))
    return ::sluice::badInput(
        fmt::format("expected the folder of a model, found {} {}",
                    ::sluice::inQuotes(options.model),
                    llvm::sys::fs::exists(options.model) ? "to be no folder"
                                                         : "not to exist"));
  if (options.output.empty())
    return invalidArgument("expected -o with the plan's file name, as in "
                           "-o X.plan");
  if (std::string file = fileOfModel(options); !file.empty())
    return invalidArgument(
        fmt::format("-o {} would replace {} of the model; give the plan "
                    "another name",
                    ::sluice::inQuotes(options.output), file));
  if (options.stopAfter == Stage::Plan && options.output == "-")
    return invalidArgument("a plan is two files, it cannot go to standard "
                           "output: give -o a file name");
  if (options.numerics != "exact" && options.numerics != "bf16" &&
      options.numerics != "native")
    return invalidArgument(
        fmt::format("expected --numerics exact, bf16 or native, found {}",
                    ::sluice::inQuotes(options.numerics)));
  if (auto fusions = selectFusions(options.fuse); !fusions)
    return invalidArgument(llvm::toString(fusions.takeError()));
  if (options.targets.empty())
    return invalidArgument("expected at least one target, as cpu or sm_80");
  for (const std::string &target : options.targets) {
    if (!targetFeatures(target) && !findPtxTarget(target))
      return invalidArgument(fmt::format(
          "expected a target cpu, x86-64-v3, x86-64-v4, sm_80, sm_86, sm_89, "
          "sm_90, sm_100, sm_103, sm_120 or sm_121, found {}",
          ::sluice::inQuotes(target)));
    if (llvm::count(options.targets, target) > 1)
      return invalidArgument(
          fmt::format("expected each target once, found {} twice", target));
  }
  if (options.cubin) {
    if (!llvm::any_of(options.targets, findPtxTarget))
      return invalidArgument("--cubin: expected a GPU among the targets, as in "
                             "--target=cpu,sm_80");
    SLUICE_TRY(findPtxas().status()); // before anything takes long
  }
  if (options.dumpIr.empty())
    return {};
  std::error_code error = llvm::sys::fs::create_directories(options.dumpIr);
  if (!error && !llvm::sys::fs::is_directory(options.dumpIr))
    error = std::make_error_code(std::errc::not_a_directory);
  if (error)
    return ::sluice::outputNotWritten(
        fmt::format("{}: the folder for --dump-ir cannot be made: {}",
                    options.dumpIr, error.message()));
  return {};
}
