#include "dialects/plan/PlanDialect.h"
#include "passes/schedule/InlineKinds.h"
#include "passes/schedule/Laws.h"
#include "passes/schedule/Names.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/Rows.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace mlir::sluice {
#define GEN_PASS_DEF_FLATTENPASS
#include "passes/schedule/Passes.h.inc"
namespace {

/// `name` with its "{}" filled with the layer of `scope`.
FailureOr<std::string> fillName(plan::ProbeOp probe) {
  std::string name = probe.getName().str();
  size_t hole = name.find("{}");
  if (hole == std::string::npos)
    return name;
  std::optional<int64_t> layer = nameOf(probe.getScope()).layer;
  if (!layer)
    return probe.emitOpError("expected a scope with a layer to fill \"{}\" of "
                             "the name \"")
           << name << "\"";
  return name.replace(hole, 2, std::to_string(*layer));
}

struct FlattenPass : impl::FlattenPassBase<FlattenPass> {
  using FlattenPassBase::FlattenPassBase;

  void runOnOperation() override {
    FailureOr<func::FuncOp> found = findEntry(getOperation());
    if (failed(found))
      return signalPassFailure();
    func::FuncOp entry = *found;
    // Probes go before names are folded: the layer that fills theirs stands in
    // the scope.
    if (failed(inlineKinds(entry)) || failed(placeOutputs(entry)) ||
        failed(foldNames(entry)) || failed(checkLaws(entry)))
      return signalPassFailure();
    eraseDeadOps(entry);
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function != entry && function.isPrivate())
        function.erase();
  }

private:
  LogicalResult placeOutputs(func::FuncOp entry);
  LogicalResult output(OpBuilder &builder, Operation *op, StringRef name,
                       Value value);
  static void eraseDeadOps(func::FuncOp entry);

  RowInference rows;
  llvm::StringSet<> outputs; // names
};

LogicalResult FlattenPass::output(OpBuilder &builder, Operation *op,
                                  StringRef name, Value value) {
  FailureOr<plan::ExprAttr> count = rows.require(value);
  if (failed(count))
    return failure();
  if (!outputs.insert(name).second)
    return op->emitError("expected one output \"") << name << "\", got two";
  plan::OutputOp::create(builder, op->getLoc(), name, value, *count);
  return success();
}

/// Kept probes and the returned logits ==> plan.output.
LogicalResult FlattenPass::placeOutputs(func::FuncOp entry) {
  rows = {};
  outputs.clear();
  auto returned = cast<func::ReturnOp>(entry.getBody().front().getTerminator());
  if (returned.getNumOperands() != 1 ||
      !isa<RankedTensorType>(returned.getOperand(0).getType()))
    return returned.emitError("expected the entry to return one tensor, the "
                              "logits, got ")
           << returned.getOperandTypes();

  llvm::StringSet<> seen;
  for (auto probe :
       llvm::make_early_inc_range(entry.getBody().getOps<plan::ProbeOp>())) {
    StringRef kind = probe.getName().split('.').first;
    seen.insert(kind);
    if (llvm::is_contained(keep, kind)) {
      OpBuilder builder(probe);
      FailureOr<std::string> name = fillName(probe);
      if (failed(name) ||
          failed(output(builder, probe, *name, probe.getValue())))
        return failure();
    }
    probe.erase();
  }
  for (const std::string &kind : keep)
    if (!seen.contains(kind))
      return entry.emitError("nothing to keep is called \"")
             << kind << "\": no probe has that name before its first dot";

  OpBuilder builder(returned);
  if (failed(output(builder, returned, "logits", returned.getOperand(0))))
    return failure();
  returned->setOperands({});
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), {}));
  entry.removeResAttrsAttr();
  return success();
}

void FlattenPass::eraseDeadOps(func::FuncOp entry) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(entry.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace
} // namespace mlir::sluice
