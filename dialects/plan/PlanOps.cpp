#include "dialects/plan/PlanDialect.h"

#include "dialects/scaled/ScaledTypes.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::sluice::plan;
using mlir::sluice::scaled::ScaledTensorType;

#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.cpp.inc"

LogicalResult ScopeOp::verify() {
  bool hole = getPrefix().contains("{}");
  if (hole != getAt().has_value()) // C1
    return emitOpError("expected \"{}\" in the prefix exactly where there is "
                       "an `at`, got prefix \"")
           << getPrefix() << (hole ? "\" without `at`" : "\" with `at`");
  for (Value scope = getParent(); hole && scope;) { // C2
    auto parent = scope.getDefiningOp<ScopeOp>();
    if (!parent)
      break;
    if (parent.getAt())
      return emitOpError("has a second \"{}\" in its chain of scopes");
    scope = parent.getParent();
  }
  return success();
}

LogicalResult ParamOp::verify() {
  auto scaled = dyn_cast<ScaledTensorType>(getType());
  auto plain = dyn_cast<RankedTensorType>(getType());
  if (!scaled && !plain)
    return emitOpError("expected a tensor or !scaled.tensor, got ")
           << getType();
  if (bool(scaled) != getScale().has_value()) // C1
    return emitOpError("expected `scale` exactly where the type is a "
                       "!scaled.tensor, got ")
           << getType() << (scaled ? " without `scale`" : " with `scale`");
  ArrayRef<int64_t> shape = scaled ? scaled.getShape() : plain.getShape();
  bool stacked = getLeaf().contains("{e}") || getFrom();
  if (stacked ? shape.size() != 3 : shape.size() > 2) // C2
    return emitOpError("expected ")
           << (stacked ? "three dimensions, experts first"
                       : "at most two dimensions")
           << ", got " << getType();
  if (getFrom()) { // C3
    int64_t from = *getFrom(), to = *getTo(), of = *getOf();
    if (from < 0 || from >= to || to > of || to - from != shape[1])
      return emitOpError("expected rows a to b of p with 0 <= a < b <= p and "
                         "b - a = ")
             << shape[1] << ", got rows " << from << " to " << to << " of "
             << of;
  }
  return success();
}

/// The symbol `name` as an Op, or an error on `user`.
template <typename Op>
static FailureOr<Op> lookUp(Operation *user, FlatSymbolRefAttr name,
                            SymbolTableCollection &tables) {
  if (auto op = tables.lookupNearestSymbolFrom<Op>(user, name))
    return op;
  return user->emitOpError("expected ")
         << name << " to be a " << Op::getOperationName();
}

/// Checks `layer` against `layers`, the stack's or state's list.
static LogicalResult checkLayer(Operation *user, int64_t layer,
                                ArrayRef<int64_t> layers) {
  int64_t count = std::max<int64_t>(1, layers.size());
  if (layer >= 0 && layer < count)
    return success();
  return user->emitOpError("expected a layer position in [0, ")
         << count << "), got " << layer;
}

LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<StackOp> stack = lookUp<StackOp>(*this, getStackAttr(), tables);
  if (failed(stack))
    return failure();
  if (stack->getType() != getType())
    return emitOpError("has type ")
           << getType() << ", the stack has " << stack->getType();
  return checkLayer(*this, getLayer(), stack->getLayers());
}

LogicalResult HandleOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<StateOp> state = lookUp<StateOp>(*this, getStateAttr(), tables);
  if (failed(state))
    return failure();
  if (state->getType() != getType())
    return emitOpError("has type ")
           << getType() << ", the state has " << state->getType();
  return checkLayer(*this, getLayer(), state->getLayers());
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<KernelOp> kernel = lookUp<KernelOp>(*this, getKernelAttr(), tables);
  if (failed(kernel))
    return failure();
  Block &body = kernel->getBody().front();
  if (body.getArgumentTypes() != getOperandTypes())
    return emitOpError("operand types differ from the arguments of ")
           << getKernelAttr();
  if (body.getTerminator()->getOperandTypes() != getResultTypes())
    return emitOpError("result types differ from what ")
           << getKernelAttr() << " yields";
  if (getRows().size() != getNumResults())
    return emitOpError("expected rows of ")
           << getNumResults() << " results, got " << getRows().size();
  return success();
}

LogicalResult DispatchOp::verify() {
  auto yield = dyn_cast<YieldOp>(getBody().front().back());
  if (!yield) // C1
    return emitOpError("expected its body to end with a plan.yield");
  if (yield.getOperandTypes() != getResultTypes()) // C2
    return emitOpError("expected results of the types it yields");
  return success();
}

LogicalResult KernelOp::verify() {
  Block &body = getBody().front();
  if (body.getOperations().size() < 2 || !isa<YieldOp>(body.back())) // C1
    return emitOpError("expected ops and a plan.yield in its body, got ")
           << body.getOperations().size() << " ops";
  SmallVector<Operation *> roots = getRoots();
  for (Operation *root : roots)
    if (roots.size() > 1 && !root->getAttrOfType<ExprAttr>(kRows)) // C2
      return root->emitOpError("expected ")
             << kRows << ", its rows, as it shares its kernel";
  return success();
}

SmallVector<Operation *> KernelOp::getRoots() {
  return llvm::map_to_vector(getBody().front().without_terminator(),
                             [](Operation &op) { return &op; });
}

ExprAttr KernelOp::getRowsOf(Operation *root) {
  auto own = root->getAttrOfType<ExprAttr>(kRows);
  return own ? own : getRows();
}

// plan.kernel @name(%a: type, ..) rows expr attributes {..} { body }
void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(
      getBody().getArguments(), printer,
      [&](BlockArgument arg) { printer.printRegionArgument(arg); });
  printer << ") rows " << getRows();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getRowsAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  ExprAttr rows;
  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name),
                             result.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren,
                               /*allowType=*/true) ||
      parser.parseKeyword("rows") ||
      parser.parseAttribute(rows, getRowsAttrName(result.name),
                            result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  return parser.parseRegion(*result.addRegion(), arguments);
}
