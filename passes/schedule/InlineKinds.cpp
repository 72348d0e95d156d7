#include "passes/schedule/InlineKinds.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

// Kinds have one block and no control flow, so inlining is cloning. MLIR's
// inliner would want an interface of every dialect to say just that.

namespace {
class KindInliner {
public:
  /// Clones the body of the callee before `builder`'s place, and what it calls
  /// in turn. `arguments` are the call's operands there.
  /// Returns the values that stand for the call's results.
  FailureOr<SmallVector<Value>>
  inlineCall(func::CallOp call, ValueRange arguments, OpBuilder &builder) {
    auto callee = tables.lookupNearestSymbolFrom<func::FuncOp>(
        call, call.getCalleeAttr());
    if (!callee || !callee.getBody().hasOneBlock())
      return call.emitError("expected ")
             << call.getCalleeAttr() << " to be a function of one block";
    if (llvm::is_contained(active, callee)) {
      InFlightDiagnostic diag = call.emitError("a kind of block cannot call "
                                               "itself, ")
                                << call.getCalleeAttr() << " does";
      diag.attachNote(callee.getLoc()) << "it is defined here";
      return diag;
    }

    active.push_back(callee);
    Block &body = callee.getBody().front();
    IRMapping mapping;
    mapping.map(body.getArguments(), arguments);
    auto mapped = [&](ValueRange values) {
      return llvm::map_to_vector(
          values, [&](Value value) { return mapping.lookupOrDefault(value); });
    };
    for (Operation &op : body.without_terminator()) {
      auto nested = dyn_cast<func::CallOp>(op);
      if (!nested) {
        builder.clone(op, mapping);
        continue;
      }
      FailureOr<SmallVector<Value>> results =
          inlineCall(nested, mapped(nested.getOperands()), builder);
      if (failed(results))
        return failure();
      mapping.map(nested.getResults(), *results);
    }
    active.pop_back();
    return mapped(body.getTerminator()->getOperands());
  }

private:
  SymbolTableCollection tables;
  SmallVector<func::FuncOp> active; // whose bodies are being cloned
};
} // namespace

LogicalResult mlir::sluice::inlineKinds(func::FuncOp entry) {
  KindInliner inliner;
  for (auto call :
       llvm::make_early_inc_range(entry.getBody().getOps<func::CallOp>())) {
    OpBuilder builder(call);
    FailureOr<SmallVector<Value>> results =
        inliner.inlineCall(call, call.getOperands(), builder);
    if (failed(results))
      return failure();
    call.replaceAllUsesWith(*results);
    call.erase();
  }
  return success();
}
