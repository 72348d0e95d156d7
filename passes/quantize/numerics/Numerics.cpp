#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/quantize/numerics/Passes.h"
#include "passes/quantize/numerics/Rewrites.h"
#include "passes/schedule/Rows.h"

namespace mlir::sluice {
#define GEN_PASS_DEF_NUMERICSPASS
#include "passes/quantize/numerics/Passes.h.inc"
namespace {

struct NumericsPass : impl::NumericsPassBase<NumericsPass> {
  using NumericsPassBase::NumericsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (mode != "exact" && mode != "bf16" && mode != "native") {
      mlir::emitError(module.getLoc(),
                      "expected the numeric mode exact, bf16 or native, got \"")
          << mode << "\"";
      return signalPassFailure();
    }
    module->setAttr("plan.numerics", StringAttr::get(&getContext(), mode));
    if (mode == "exact")
      return;
    FailureOr<func::FuncOp> entry = findEntry(module);
    if (failed(entry))
      return signalPassFailure();
    numerics::narrow(*entry);
    if (mode == "native" && failed(numerics::roundAsTrained(*entry)))
      return signalPassFailure();
  }
};

} // namespace
} // namespace mlir::sluice
