#include "passes/AllPasses.h"

#include "passes/lower/Passes.h"
#include "passes/pipelines/Pipelines.h"
#include "passes/schedule/Passes.h"

void mlir::sluice::registerAllPasses() {
  registerSchedulePasses();
  registerLowerPasses();
  registerPipelines();
}
