#include "passes/lower/Stage.h"

#include "dialects/scaled/ScaledTypes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::sluice::lower {

using plan::ExprAttr;
using plan::ExprOp;

static constexpr StringLiteral kSharedMemory = "sluice_shared";

/// Words of one kernel argument; the rule is in docs/plan-format.md.
static unsigned wordsOf(Type type) {
  if (isa<plan::BatchType>(type))
    return 3;
  return isa<plan::LogType, scaled::ScaledTensorType>(type) ? 2 : 1;
}

Stage::Stage(OpBuilder &builder, plan::KernelOp kernel, func::FuncOp function,
             const Target &target)
    : Emit(builder, kernel.getLoc(), target), kernel(kernel),
      entry(function.getBody().front()) {
  if (target.isGpu()) {
    x = extendUnsigned(special("ctaid.x"), 64);
    y = extendUnsigned(special("ctaid.y"), 64);
    z = extendUnsigned(special("ctaid.z"), 64);
    warp = extendUnsigned(threadOfBlock / static_cast<int32_t>(target.threads),
                          64);
    Type shared = LLVM::LLVMPointerType::get(b.getContext(), 3);
    scratch = Val(b, LLVM::AddressOfOp::create(b, shared, kSharedMemory));
  } else {
    x = extendUnsigned(Val(b, entry.getArgument(1)), 64);
    y = extendUnsigned(Val(b, entry.getArgument(2)), 64);
    z = extendUnsigned(Val(b, entry.getArgument(3)), 64);
    warp = i64(0);
    scratch = Val(b, entry.getArgument(4));
  }
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
  if (target.isGpu())
    return Val(b, entry.getArgument(index));
  return load(Val(b, entry.getArgument(0)), i64(index), type);
}

Val Stage::wordOf(Value operand, unsigned part) {
  return word(firstWord.at(operand) + part, pointer());
}

Val Stage::rows() { return word(firstValue, b.getI64Type()); }
Val Stage::address(Value operand) { return wordOf(operand, 0); }
Val Stage::scales(Value operand) { return wordOf(operand, 1); }
Val Stage::positions(Value batch) { return wordOf(batch, 0); }
Val Stage::slots(Value batch) { return wordOf(batch, 1); }
Val Stage::firsts(Value batch) { return wordOf(batch, 2); }

Val Stage::result(unsigned index) { return word(resultWord[index], pointer()); }

Numbers Stage::numbers(Value operand) {
  return {address(operand), getElementTypeOrSelf(operand)};
}

Numbers Stage::resultNumbers(unsigned index) {
  return {result(index), resultElement[index]};
}

Val Stage::buffer(unsigned index) {
  return word(firstBuffer + index, pointer());
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

ExprAttr Lowering::ceilDiv(ExprAttr x, ExprAttr y) {
  return ExprAttr::binary(ExprOp::CeilDiv, x, y);
}
ExprAttr Lowering::times(ExprAttr x, ExprAttr y) {
  return ExprAttr::binary(ExprOp::Mul, x, y);
}
ExprAttr Lowering::min(ExprAttr x, int64_t y) {
  return ExprAttr::binary(ExprOp::Min, x, number(y));
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

/// Memory of a block on a GPU, of the size that a launch gives it.
static void declareShared(OpBuilder &builder, plan::KernelOp kernel) {
  auto module = kernel->getParentOfType<ModuleOp>();
  if (module.lookupSymbol(kSharedMemory))
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  LLVM::GlobalOp::create(builder, module.getLoc(),
                         LLVM::LLVMArrayType::get(builder.getI8Type(), 0),
                         /*isConstant=*/false, LLVM::Linkage::External,
                         kSharedMemory, Attribute(), /*alignment=*/128,
                         /*addrSpace=*/3);
}

FunctionType Lowering::entryType(OpBuilder &builder) {
  MLIRContext *context = kernel.getContext();
  Type i32 = builder.getI32Type();
  Type pointer = LLVM::LLVMPointerType::get(context, target.isGpu() ? 1 : 0);
  if (!target.isGpu())
    return builder.getFunctionType({pointer, i32, i32, i32, pointer}, {});
  // A word each, as the launch has them.
  SmallVector<Type> words;
  for (Type type : kernel.getBody().getArgumentTypes())
    words.append(wordsOf(type), pointer);
  words.append(kernel.getBody().front().getTerminator()->getNumOperands(),
               pointer);
  words.append(kernel.getValues()->size(), builder.getI64Type());
  words.append(variant.getBuffers().size(), pointer);
  return builder.getFunctionType(words, {});
}

void Lowering::stage(ArrayRef<ExprAttr> grid, ExprAttr scratch, Body body,
                     int64_t warps) {
  MLIRContext *context = kernel.getContext();
  OpBuilder builder(context);
  if (target.isGpu())
    declareShared(builder, kernel);
  builder.setInsertionPointAfter(variant);
  std::string name = (kernel.getSymName() + "_" + symbolPart(target.name) +
                      "_s" + Twine(stages++))
                         .str();
  auto function =
      func::FuncOp::create(builder, kernel.getLoc(), name, entryType(builder));
  function->setAttr("sluice.target", builder.getStringAttr(target.name));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Stage stage(builder, kernel, function, target);
  body(stage);
  func::ReturnOp::create(stage.b);

  builder.setInsertionPointToEnd(&variant.getBody().front());
  SmallVector<Attribute> blocks(grid.begin(), grid.end());
  while (blocks.size() < 3)
    blocks.push_back(number(1));
  int64_t threads = target.isGpu() ? warps * target.threads : 1;
  plan::StageOp::create(builder, kernel.getLoc(),
                        FlatSymbolRefAttr::get(context, name),
                        builder.getArrayAttr(blocks), scratch,
                        builder.getI64IntegerAttr(threads));
}

} // namespace mlir::sluice::lower
