#include "passes/AllPasses.h"

#include "mlir/Transforms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/pipelines/Pipelines.h"
#include "passes/quantize/numerics/Passes.h"
#include "passes/quantize/weights/Passes.h"
#include "passes/schedule/Passes.h"

void mlir::sluice::registerAllPasses() {
  registerNumericsPasses();
  registerQuantizePasses();
  registerFusePasses();
  registerSchedulePasses();
  registerLowerPasses();
  registerPipelines();
  // MLIR's own, to try on a step: in ours they find nothing (docs/fusion.md).
  registerCSEPass();
  registerRemoveDeadValuesPass();
}
