#include "passes/pipelines/Pipelines.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/lower/Passes.h"
#include "passes/pipelines/Fusions.h"
#include "passes/quantize/numerics/Passes.h"
#include "passes/schedule/Passes.h"

using namespace mlir;
using namespace mlir::sluice;

static FlattenPassOptions flattenOptions(const PipelineOptions &options) {
  FlattenPassOptions result;
  SmallVector<StringRef> names;
  StringRef(options.keep).split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names)
    result.keep.push_back(name.trim().str());
  return result;
}

void mlir::sluice::buildPipeline(OpPassManager &manager,
                                 const PipelineOptions &options) {
  auto stopsAfter = [&](StringRef stage) { return options.stopAfter == stage; };
  if (stopsAfter("frontend"))
    return;
  // First: what follows sees one block, and names no longer depend on scopes.
  manager.addPass(createFlattenPass(flattenOptions(options)));
  if (stopsAfter("flatten"))
    return;
  // Before anything may merge ops: from here on types say what is rounded.
  manager.addPass(createNumericsPass({options.numerics}));
  if (stopsAfter("numerics"))
    return;
  // While all ops are in sight; which of these in which order: Fusions.cpp.
  for (const Fusion &fusion : options.fusions)
    manager.addPass(fusion.create());
  if (stopsAfter("fuse"))
    return;
  // After everything that rewrites the flat step: it hides ops in kernels.
  manager.addPass(createOutlinePass());
  if (stopsAfter("outline"))
    return;
  // Before lowering: a kernel that yields a log has no word to pass it in.
  manager.addPass(createSchedulePass());
  if (stopsAfter("schedule"))
    return;
  // Last: a stage function only sees addresses, nothing can be fused any more.
  LowerPassOptions lowering;
  lowering.targets.assign(options.targets.begin(), options.targets.end());
  manager.addPass(createLowerPass(lowering));
}

namespace {
struct PipelineFlags : PassPipelineOptions<PipelineFlags> {
  Option<std::string> keep{*this, "keep",
                           llvm::cl::desc("probes to make outputs")};
  ListOption<std::string> targets{*this, "targets",
                                  llvm::cl::desc("what to lower for")};
  Option<std::string> numerics{*this, "numerics",
                               llvm::cl::desc("exact, bf16 or native"),
                               llvm::cl::init("exact")};
  Option<std::string> fuse{*this, "fuse",
                           llvm::cl::desc("as --fuse of sluice compile"),
                           llvm::cl::init("all")};
  Option<std::string> stopAfter{*this, "stop-after",
                                llvm::cl::desc("the last stage to run")};
};
} // namespace

void mlir::sluice::registerPipelines() {
  PassPipelineRegistration<PipelineFlags>(
      "sluice-pipeline", "from an imported module to a lowered one",
      [](OpPassManager &manager, const PipelineFlags &flags) {
        llvm::Expected<std::vector<Fusion>> fusions =
            selectFusions(flags.fuse.getValue());
        if (!fusions)
          llvm::report_fatal_error(fusions.takeError(),
                                   /*gen_crash_diag=*/false);
        buildPipeline(manager, {flags.keep,
                                {flags.targets.begin(), flags.targets.end()},
                                flags.numerics,
                                *std::move(fusions),
                                flags.stopAfter});
      });
}
