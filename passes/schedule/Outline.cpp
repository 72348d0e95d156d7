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

/// What becomes one kernel: an op of the step, or what a dispatch holds.
struct Parts {
  SmallVector<Operation *> ops;
  SmallVector<plan::ExprAttr> rows; // of each op
  SmallVector<Value> arguments;     // what they take from above
  SmallVector<Value> yielded;

  explicit Parts(Operation *op) {
    auto dispatch = dyn_cast<plan::DispatchOp>(op);
    if (dispatch) {
      for (Operation &part : dispatch.getBody().front().without_terminator())
        ops.push_back(&part);
      llvm::append_range(
          yielded, dispatch.getBody().front().getTerminator()->getOperands());
    } else {
      ops.push_back(op);
      llvm::append_range(yielded, op->getResults());
    }
    // By position, not by value: two operands that are one value here are two
    // arguments, since another layer may pass two values.
    for (Operation *part : ops)
      for (Value operand : part->getOperands())
        if (!isInside(operand))
          arguments.push_back(operand);
  }

  bool isInside(Value value) const {
    return value.getDefiningOp() &&
           llvm::is_contained(ops, value.getDefiningOp());
  }

  /// The number of `value` among the results of all ops.
  int64_t number(Value value) const {
    int64_t first = 0;
    for (Operation *op : ops) {
      if (op == value.getDefiningOp())
        return first + cast<OpResult>(value).getResultNumber();
      first += op->getNumResults();
    }
    return -1;
  }

  /// Equal for those that one kernel serves.
  ArrayAttr key(Builder &attrs) const {
    SmallVector<Attribute> key;
    for (auto [op, count] : llvm::zip_equal(ops, rows)) {
      SmallVector<int64_t> inside = llvm::map_to_vector(
          op->getOperands(), [&](Value value) { return number(value); });
      key.append({op->getName().getIdentifier(), op->getAttrDictionary(),
                  attrs.getTypeArrayAttr(TypeRange(op->getOperandTypes())),
                  attrs.getTypeArrayAttr(TypeRange(op->getResultTypes())),
                  attrs.getDenseI64ArrayAttr(inside), count});
    }
    key.push_back(attrs.getDenseI64ArrayAttr(llvm::map_to_vector(
        yielded, [&](Value value) { return number(value); })));
    return attrs.getArrayAttr(key);
  }
};

struct OutlinePass : impl::OutlinePassBase<OutlinePass> {
  void runOnOperation() override;

private:
  LogicalResult outline(Operation *op);
  plan::KernelOp kernelFor(Operation *op, const Parts &parts);

  std::optional<SymbolTable> symbols;
  func::FuncOp entry;
  DenseMap<Attribute, plan::KernelOp> kernels; // by what makes two equal
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
plan::KernelOp OutlinePass::kernelFor(Operation *op, const Parts &parts) {
  Builder attrs(&getContext());
  plan::KernelOp &kernel = kernels[parts.key(attrs)];
  if (kernel)
    return kernel;

  std::string base = kernelName(parts.ops.front());
  if (auto dispatch = dyn_cast<plan::DispatchOp>(op))
    base = dispatch.getName().str() + base.substr(base.find('_'));
  std::string name = base;
  for (unsigned n = 2; symbols->lookup(name); ++n)
    name = base + "_" + std::to_string(n);
  OpBuilder builder(entry);
  kernel = plan::KernelOp::create(builder, op->getLoc(), name,
                                  parts.rows.front(), /*sums=*/StringAttr(),
                                  /*values=*/ArrayAttr());
  symbols->insert(kernel);
  Block &body = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  builder.setInsertionPointToStart(&body);
  for (auto [part, rows] : llvm::zip_equal(parts.ops, parts.rows)) {
    Operation *root = builder.clone(*part, mapping);
    for (auto [own, outer] :
         llvm::zip_equal(root->getOpOperands(), part->getOperands()))
      if (!parts.isInside(outer))
        own.set(body.addArgument(outer.getType(), op->getLoc()));
    if (parts.ops.size() > 1)
      root->setAttr(plan::kRows, rows);
  }
  plan::YieldOp::create(builder, op->getLoc(),
                        llvm::map_to_vector(parts.yielded, [&](Value value) {
                          return mapping.lookup(value);
                        }));
  return kernel;
}

LogicalResult OutlinePass::outline(Operation *op) {
  Parts parts(op);
  // Fresh ones each time: ops go as launches come, and a launch states its
  // rows.
  RowInference rows;
  for (Operation *part : parts.ops) {
    if (!isa<plan::KernelOpInterface>(part) && !isTensorAdd(part))
      return part->emitError("no kernel can be made of ")
             << part->getName()
             << ": expected an op of the model IR or arith.addf "
                "of tensors";
    Value main = mainValue(part);
    if (!main)
      return part->emitError("expected a tensor among its first result and its "
                             "operands: its rows are the kernel's");
    FailureOr<plan::ExprAttr> work = rows.require(main);
    if (failed(work))
      return failure();
    parts.rows.push_back(*work);
  }
  SmallVector<Attribute> resultRows;
  for (Value result : parts.yielded) {
    FailureOr<plan::ExprAttr> count = parts.rows.front();
    if (isa<RankedTensorType>(result.getType()))
      count = rows.require(result);
    if (failed(count))
      return failure();
    resultRows.push_back(*count);
  }

  plan::KernelOp kernel = kernelFor(op, parts);
  OpBuilder builder(op);
  auto launch =
      plan::LaunchOp::create(builder, op->getLoc(), op->getResultTypes(),
                             FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
                             parts.arguments, builder.getArrayAttr(resultRows));
  op->replaceAllUsesWith(launch);
  op->erase();
  return success();
}

} // namespace
} // namespace mlir::sluice
