#include "passes/lower/Stage.h"

#include "dialects/scaled/ScaledTypes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::sluice::lower {

using plan::ExprAttr;
using plan::ExprOp;

static constexpr Target targets[] = {
    // 16 registers of 8 lanes: a number of ours takes two of them.
    {"x86-64-v3", 2, 2},
    // 32 registers of 16 lanes.
    {"x86-64-v4", 4, 4},
};

const Target *findTarget(StringRef name) {
  for (const Target &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

/// Words of one kernel argument; the rule is in docs/plan-format.md.
static unsigned wordsOf(Type type) {
  if (isa<plan::BatchType>(type))
    return 3;
  return isa<plan::LogType, scaled::ScaledTensorType>(type) ? 2 : 1;
}

Stage::Stage(OpBuilder &builder, plan::KernelOp kernel, func::FuncOp function)
    : Emit(builder, kernel.getLoc()), kernel(kernel) {
  Block &entry = function.getBody().front();
  arguments = Val(b, entry.getArgument(0));
  x = extendUnsigned(Val(b, entry.getArgument(1)), 64);
  y = extendUnsigned(Val(b, entry.getArgument(2)), 64);
  z = extendUnsigned(Val(b, entry.getArgument(3)), 64);
  scratch = Val(b, entry.getArgument(4));
  unsigned word = 0;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    firstWord[argument] = word;
    word += wordsOf(argument.getType());
  }
  Operation *yield = kernel.getBody().front().getTerminator();
  for (Value result : yield->getOperands()) {
    resultWord.push_back(word++);
    resultElement.push_back(getElementTypeOrSelf(result));
  }
  firstValue = word;
  firstBuffer = word + kernel.getValues()->size();
}

Val Stage::word(unsigned index, Type type) {
  return load(arguments, i64(index), type);
}

Val Stage::wordOf(Value operand, unsigned part) {
  return word(firstWord.at(operand) + part,
              LLVM::LLVMPointerType::get(b.getContext()));
}

Val Stage::rows() { return word(firstValue, b.getI64Type()); }
Val Stage::address(Value operand) { return wordOf(operand, 0); }
Val Stage::scales(Value operand) { return wordOf(operand, 1); }
Val Stage::positions(Value batch) { return wordOf(batch, 0); }
Val Stage::slots(Value batch) { return wordOf(batch, 1); }
Val Stage::firsts(Value batch) { return wordOf(batch, 2); }

Val Stage::result(unsigned index) {
  return word(resultWord[index], LLVM::LLVMPointerType::get(b.getContext()));
}

Numbers Stage::numbers(Value operand) {
  return {address(operand), getElementTypeOrSelf(operand)};
}

Numbers Stage::resultNumbers(unsigned index) {
  return {result(index), resultElement[index]};
}

Val Stage::buffer(unsigned index) {
  return word(firstBuffer + index, LLVM::LLVMPointerType::get(b.getContext()));
}

Log Stage::log(Value operand) {
  auto type = cast<plan::LogType>(operand.getType());
  Log log{type, wordOf(operand, 0), {}, {}, {}};
  if (!type.isRing()) {
    log.pages = wordOf(operand, 1);
    log.pageTokens = word(firstValue + 1, b.getI64Type());
    log.pagesPerSlot = word(firstValue + 2, b.getI64Type());
  }
  return log;
}

/// Rows, then what the address of a row in a paged log needs.
static ArrayAttr kernelValues(plan::KernelOp kernel) {
  MLIRContext *context = kernel.getContext();
  SmallVector<Attribute> values{kernel.getRows()};
  for (Type type : kernel.getBody().getArgumentTypes()) {
    auto log = dyn_cast<plan::LogType>(type);
    if (!log || log.isRing())
      continue;
    ExprAttr page = ExprAttr::symbol(context, plan::Symbol::P);
    values.push_back(page);
    values.push_back(ExprAttr::binary(
        ExprOp::CeilDiv, ExprAttr::symbol(context, plan::Symbol::MaxN), page));
    break;
  }
  return ArrayAttr::get(context, values);
}

Lowering::Lowering(plan::KernelOp kernel, const Target &target)
    : kernel(kernel), target(target) {
  kernel.setValuesAttr(kernelValues(kernel));
  OpBuilder builder(kernel->getContext());
  builder.setInsertionPointAfter(kernel);
  variant = plan::VariantOp::create(
      builder, kernel.getLoc(), FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
      builder.getStringAttr(target.name), ExprAttr(), IntegerAttr(),
      IntegerAttr(), builder.getArrayAttr({}));
  variant.getBody().emplaceBlock();
}

ExprAttr Lowering::number(int64_t value) {
  return ExprAttr::constant(kernel.getContext(), value);
}
ExprAttr Lowering::symbol(plan::Symbol symbol) {
  return ExprAttr::symbol(kernel.getContext(), symbol);
}
ExprAttr Lowering::mul(ExprAttr x, int64_t y) {
  return ExprAttr::binary(ExprOp::Mul, x, number(y));
}
ExprAttr Lowering::add(ExprAttr x, int64_t y) {
  return ExprAttr::binary(ExprOp::Add, x, number(y));
}
ExprAttr Lowering::ceilDiv(ExprAttr x, int64_t y) {
  return ExprAttr::binary(ExprOp::CeilDiv, x, number(y));
}

void Lowering::sums(StringRef order) {
  kernel.setSumsAttr(StringAttr::get(kernel.getContext(), order));
}

void Lowering::buffer(ExprAttr bytes) {
  SmallVector<Attribute> buffers(variant.getBuffers().getValue());
  buffers.push_back(bytes);
  variant.setBuffersAttr(ArrayAttr::get(kernel.getContext(), buffers));
}

/// "x86-64-v3" as a part of a function's name.
static std::string symbolPart(StringRef target) {
  std::string text = target.str();
  llvm::replace(text, '-', '_');
  return text;
}

void Lowering::stage(ArrayRef<ExprAttr> grid, ExprAttr scratch, Body body) {
  MLIRContext *context = kernel.getContext();
  OpBuilder builder(context);
  builder.setInsertionPointAfter(variant);
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type i32 = builder.getI32Type();
  std::string name = (kernel.getSymName() + "_" + symbolPart(target.name) +
                      "_s" + Twine(stages++))
                         .str();
  auto function = func::FuncOp::create(
      builder, kernel.getLoc(), name,
      builder.getFunctionType({pointer, i32, i32, i32, pointer}, {}));
  function->setAttr("sluice.target", builder.getStringAttr(target.name));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Stage stage(builder, kernel, function);
  body(stage);
  func::ReturnOp::create(stage.b);

  builder.setInsertionPointToEnd(&variant.getBody().front());
  SmallVector<Attribute> blocks(grid.begin(), grid.end());
  while (blocks.size() < 3)
    blocks.push_back(number(1));
  plan::StageOp::create(builder, kernel.getLoc(),
                        FlatSymbolRefAttr::get(context, name),
                        builder.getArrayAttr(blocks), scratch);
}

} // namespace mlir::sluice::lower
