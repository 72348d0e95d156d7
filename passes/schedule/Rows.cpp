#include "passes/schedule/Rows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::sluice;
using plan::ExprAttr;

FailureOr<func::FuncOp> mlir::sluice::findEntry(ModuleOp module) {
  func::FuncOp entry;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("plan.entry"))
      continue;
    if (entry) {
      InFlightDiagnostic diag =
          function.emitError("expected one function with plan.entry, this is "
                             "the second");
      diag.attachNote(entry.getLoc()) << "the first is here";
      return diag;
    }
    entry = function;
  }
  if (!entry)
    return module.emitError(
        "expected a function with the attribute plan.entry, found none");
  if (!entry.getBody().hasOneBlock())
    return entry.emitError("expected the entry to have one block");
  return entry;
}

bool mlir::sluice::isTensorAdd(Operation *op) {
  return isa<arith::AddFOp>(op) &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

ExprAttr RowInference::rowsOf(Value value) {
  if (ExprAttr rows = known.lookup(value))
    return rows;
  // Recursion is as deep as the chain of values that nobody asked about yet;
  // asking in text order keeps it at one step.
  ExprAttr rows = infer(value);
  if (rows)
    known[value] = rows;
  return rows;
}

ExprAttr RowInference::infer(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0)
    return nullptr;
  if (!type.isDynamicDim(0))
    return ExprAttr::constant(value.getContext(), type.getDimSize(0));
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return function ? function.getArgAttrOfType<ExprAttr>(
                          argument.getArgNumber(), "plan.rows")
                    : nullptr;
  }
  Operation *op = value.getDefiningOp();
  unsigned index = cast<OpResult>(value).getResultNumber();
  if (isTensorAdd(op))
    return rowsOf(op->getOperand(0));
  if (auto kernelOp = dyn_cast<plan::KernelOpInterface>(op))
    return kernelOp.inferRows(index, [&](Value v) { return rowsOf(v); });
  if (auto dispatch = dyn_cast<plan::DispatchOp>(op))
    return rowsOf(
        dispatch.getBody().front().getTerminator()->getOperand(index));
  if (auto launch = dyn_cast<plan::LaunchOp>(op))
    return cast<ExprAttr>(launch.getRows()[index]);
  return nullptr;
}

FailureOr<ExprAttr> RowInference::require(Value value) {
  if (ExprAttr rows = rowsOf(value))
    return rows;
  return emitError(value.getLoc())
         << "expected rows that follow from the plan.rows of the entry's "
            "arguments, this "
         << value.getType() << " has none";
}
