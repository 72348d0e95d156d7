#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledTypes.h"
#include "mlir/IR/IRMapping.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/Rows.h"

#include <string>

namespace mlir::sluice {
#define GEN_PASS_DEF_OUTLINEPASS
#include "passes/schedule/Passes.h.inc"
namespace {

/// Static dimensions of `type`, with its element type: "512x128_f8E4M3FN".
std::string shapeName(ArrayRef<int64_t> shape, Type element) {
  std::string name;
  llvm::raw_string_ostream stream(name);
  bool first = true;
  for (int64_t dim : shape) {
    if (ShapedType::isDynamic(dim))
      continue;
    stream << (first ? "" : "x") << dim;
    first = false;
  }
  if (element)
    stream << '_' << element;
  return name;
}

/// A weight: static, of two or three dimensions.
bool isWeight(Type type) {
  if (isa<scaled::ScaledTensorType>(type))
    return true;
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getRank() >= 2;
}

/// "linear_512x128_f8E4M3FN": the op, and the largest thing its shape tells:
/// a weight, else a result, else a log's row.
std::string kernelName(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  for (Type type : op->getOperandTypes())
    if (isWeight(type))
      return name + "_" +
             shapeName(scaled::weightShape(type),
                       scaled::weightElementType(type));
  SmallVector<Type> types(op->getResultTypes());
  llvm::append_range(types, op->getOperandTypes());
  for (Type type : types) {
    std::string shape;
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      shape = shapeName(tensor.getShape(), nullptr);
    else if (auto log = dyn_cast<plan::LogType>(type))
      shape = shapeName(log.getShape(), nullptr);
    if (!shape.empty())
      return name + "_" + shape;
  }
  return name;
}

/// Whose rows are the kernel's: the first result, else the first tensor
/// operand.
Value mainValue(Operation *op) {
  if (op->getNumResults() > 0 &&
      isa<RankedTensorType>(op->getResult(0).getType()))
    return op->getResult(0);
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      return operand;
  return nullptr;
}

bool staysInStep(Operation *op) {
  return isa<plan::BatchOp, plan::WeightOp, plan::HandleOp, plan::OutputOp,
             func::ReturnOp>(op);
}

struct OutlinePass : impl::OutlinePassBase<OutlinePass> {
  void runOnOperation() override;

private:
  LogicalResult outline(Operation *op);
  plan::KernelOp kernelFor(Operation *op, plan::ExprAttr work);

  std::optional<SymbolTable> symbols;
  func::FuncOp entry;
  DenseMap<Attribute, plan::KernelOp> kernels; // by what makes two ops one
};

void OutlinePass::runOnOperation() {
  FailureOr<func::FuncOp> found = findEntry(getOperation());
  if (failed(found))
    return signalPassFailure();
  entry = *found;
  kernels.clear();
  symbols.emplace(getOperation());
  for (Operation &op : llvm::make_early_inc_range(entry.getBody().front()))
    if (!staysInStep(&op) && failed(outline(&op)))
      return signalPassFailure();
}

/// The kernel of all ops like `op`, made from the first of them.
plan::KernelOp OutlinePass::kernelFor(Operation *op, plan::ExprAttr work) {
  Builder attrs(&getContext());
  plan::KernelOp &kernel = kernels[attrs.getArrayAttr(
      {op->getName().getIdentifier(), op->getAttrDictionary(),
       attrs.getTypeArrayAttr(op->getOperandTypes()),
       attrs.getTypeArrayAttr(op->getResultTypes()), work})];
  if (kernel)
    return kernel;

  std::string base = kernelName(op), name = base;
  for (unsigned n = 2; symbols->lookup(name); ++n)
    name = base + "_" + std::to_string(n);
  OpBuilder builder(entry);
  kernel =
      plan::KernelOp::create(builder, op->getLoc(), name, work,
                             /*sums=*/StringAttr(), /*values=*/ArrayAttr());
  symbols->insert(kernel);
  Block &body = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  builder.setInsertionPointToStart(&body);
  Operation *root = op->clone(mapping);
  builder.insert(root);
  // By position, not by value: two operands that are one value here are two
  // arguments, since another layer may pass two values.
  for (OpOperand &operand : root->getOpOperands())
    operand.set(body.addArgument(operand.get().getType(), op->getLoc()));
  plan::YieldOp::create(builder, op->getLoc(), root->getResults());
  return kernel;
}

LogicalResult OutlinePass::outline(Operation *op) {
  if (!isa<plan::KernelOpInterface>(op) && !isTensorAdd(op))
    return op->emitError("no kernel can be made of ")
           << op->getName()
           << ": expected an op of the model IR or arith.addf "
              "of tensors";
  Value main = mainValue(op);
  if (!main)
    return op->emitError("expected a tensor among its first result and its "
                         "operands: its rows are the kernel's");
  // A fresh one each time: ops go as launches come, and a launch states its
  // rows.
  RowInference rows;
  FailureOr<plan::ExprAttr> work = rows.require(main);
  if (failed(work))
    return failure();
  SmallVector<Attribute> resultRows;
  for (Value result : op->getResults()) {
    bool tensor = isa<RankedTensorType>(result.getType());
    FailureOr<plan::ExprAttr> count = tensor ? rows.require(result) : work;
    if (failed(count))
      return failure();
    resultRows.push_back(*count);
  }

  plan::KernelOp kernel = kernelFor(op, *work);
  OpBuilder builder(op);
  auto launch = plan::LaunchOp::create(
      builder, op->getLoc(), op->getResultTypes(),
      FlatSymbolRefAttr::get(kernel.getSymNameAttr()), op->getOperands(),
      builder.getArrayAttr(resultRows));
  op->replaceAllUsesWith(launch);
  op->erase();
  return success();
}

} // namespace
} // namespace mlir::sluice
