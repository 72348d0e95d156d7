#include "passes/lower/Lowering.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::sluice::lower {

using plan::ExprAttr;
using plan::ExprOp;

/// Rows of each op, where there are several also the symbols in them, then what
/// the address of a row in a paged log needs.
static ArrayAttr kernelValues(plan::KernelOp kernel) {
  MLIRContext *context = kernel.getContext();
  SmallVector<Operation *> roots = kernel.getRoots();
  llvm::SetVector<Attribute> values;
  for (Operation *root : roots)
    values.insert(kernel.getRowsOf(root));
  if (roots.size() > 1)
    for (Operation *root : roots)
      for (const plan::ExprStep &step : kernel.getRowsOf(root).getSteps())
        if (step.op == ExprOp::Symbol)
          values.insert(
              ExprAttr::symbol(context, static_cast<plan::Symbol>(step.value)));
  auto isPaged = [](Type type) {
    auto log = dyn_cast<plan::LogType>(type);
    return log && !log.isRing();
  };
  if (llvm::any_of(kernel.getBody().getArgumentTypes(), isPaged)) {
    auto [pageTokens, pagesPerSlot] = pageValues(context);
    values.insert(pageTokens);
    values.insert(pagesPerSlot);
  }
  return ArrayAttr::get(context, values.getArrayRef());
}

Lowering::Lowering(plan::KernelOp kernel, const Target &target, bool few,
                   unsigned firstStage)
    : kernel(kernel), target(target), few(few), firstStage(firstStage),
      composition(kernel, few) {
  kernel.setValuesAttr(kernelValues(kernel));
}

void Lowering::enter(Operation *op) {
  root = op;
  if (!isComposed)
    firstBuffer[op] = buffers.size();
}

ExprAttr Lowering::number(int64_t value) {
  return ExprAttr::constant(kernel.getContext(), value);
}
ExprAttr Lowering::symbol(plan::Symbol symbol) {
  return ExprAttr::symbol(kernel.getContext(), symbol);
}
ExprAttr Lowering::mul(ExprAttr x, int64_t y) { return times(x, number(y)); }
ExprAttr Lowering::add(ExprAttr x, int64_t y) {
  return ExprAttr::binary(ExprOp::Add, x, number(y));
}
ExprAttr Lowering::ceilDiv(ExprAttr x, int64_t y) {
  return ceilDiv(x, number(y));
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
  if (isComposed)
    return;
  StringRef known = kernel.getSums().value_or("");
  SmallVector<StringRef> orders;
  known.split(orders, " | ", -1, /*KeepEmpty=*/false);
  if (llvm::is_contained(orders, order))
    return;
  orders.push_back(order);
  kernel.setSumsAttr(
      StringAttr::get(kernel.getContext(), llvm::join(orders, " | ")));
}

void Lowering::buffer(ExprAttr bytes) {
  if (!isComposed)
    buffers.push_back(bytes);
}

/// "x86-64-v3" as a part of a function's name.
static std::string symbolPart(StringRef target) {
  std::string text = target.str();
  llvm::replace(text, '-', '_');
  return text;
}

std::string Lowering::stageName(unsigned level) {
  return (kernel.getSymName() + "_" + symbolPart(target.name) + "_s" +
          Twine(firstStage + level))
      .str();
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
  words.append(buffers.size(), pointer);
  return builder.getFunctionType(words, {});
}

void Lowering::compose() {
  composition.place(buffers);
  isComposed = true;
  next = 0;
  MLIRContext *context = kernel.getContext();
  OpBuilder builder(context);
  builder.setInsertionPointAfter(kernel);
  ExprAttr guard = few ? symbol(plan::Symbol::T) : ExprAttr();
  SmallVector<Attribute> bytes(buffers.begin(), buffers.end());
  variant = plan::VariantOp::create(
      builder, kernel.getLoc(), FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
      builder.getStringAttr(target.name), guard,
      few ? builder.getI64IntegerAttr(0) : IntegerAttr(),
      few ? builder.getI64IntegerAttr(kFewRows) : IntegerAttr(),
      builder.getArrayAttr(bytes));
  variant.getBody().emplaceBlock();
  if (target.isGpu())
    declareShared(builder, kernel);
  builder.setInsertionPointAfter(variant);
  levels.resize(composition.getLevels());
  for (auto [number, level] : llvm::enumerate(levels)) {
    level.function = func::FuncOp::create(
        builder, kernel.getLoc(), stageName(number), entryType(builder));
    level.function->setAttr("sluice.target",
                            builder.getStringAttr(target.name));
    open(level, number);
  }
}

SmallVector<unsigned> Lowering::chainsOf(unsigned level) const {
  llvm::SetVector<unsigned> found;
  for (const Request &request : composition.getRequests())
    if (composition.getChains()[request.chain].level == level)
      found.insert(request.chain);
  return found.takeVector();
}

void Lowering::open(Level &level, unsigned number) {
  OpBuilder builder(kernel->getContext());
  Block *entry = level.function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  level.stage = std::make_unique<Stage>(builder, kernel, level.function, target,
                                        composition.getPlaces());
  SmallVector<unsigned> chains = chainsOf(number);
  if (chains.size() > 1)
    openChains(level, chains);
  else
    level.ids[chains[0]] = {level.stage->x, level.stage->y, level.stage->z};
  func::ReturnOp::create(level.stage->b);
  if (chains.size() == 1)
    level.blocks[chains[0]] = entry;
}

/// Chains side by side: each has a range of the blocks, x fastest.
void Lowering::openChains(Level &level, ArrayRef<unsigned> chains) {
  Stage &s = *level.stage;
  Val block = s.x;
  for (unsigned chain : chains) {
    ArrayRef<ExprAttr> grid = composition.getChains()[chain].grid;
    Val width = s.count(grid[0]), height = s.count(grid[1]);
    Val count = width * height * s.count(grid[2]);
    auto own = scf::IfOp::create(s.b, ult(block, count).v,
                                 /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(s.b);
    s.b.setInsertionPointToStart(own.thenBlock());
    Val line = block / width;
    level.ids[chain] = {block % width, line % height, line / height};
    level.blocks[chain] = own.thenBlock();
    s.b.setInsertionPointAfter(own);
    // Below 0, and then not below any count, for the blocks before.
    block = block - count;
  }
}

void Lowering::stage(ArrayRef<ExprAttr> grid, ExprAttr scratch, Body body,
                     int64_t warps) {
  if (!isComposed)
    return composition.add(
        {root, SmallVector<ExprAttr, 3>(grid), scratch, warps});
  const Request &request = composition.getRequests()[next++];
  const Chain &chain = composition.getChains()[request.chain];
  Level &level = levels[chain.level];
  Stage &s = *level.stage;
  OpBuilder::InsertionGuard guard(s.b);
  s.b.setInsertionPoint(level.blocks[request.chain]->getTerminator());
  if (level.written[request.chain]++ > 0 && target.isGpu()) {
    if (chain.warps > 1)
      s.syncBlock();
    else
      s.sync();
  }
  Val own = s.blockScratch;
  if (chain.kept > 0)
    own = s.atBytes(own, s.i64(chain.kept));
  s.enter(request.op, level.ids[request.chain], own, firstBuffer[request.op]);
  if (target.isGpu() && request.warps < composition.getWarps(chain.level))
    return s.ifThen(ult(s.warp, s.i64(request.warps)), [&] { body(s); });
  body(s);
}

ExprAttr Lowering::blocksOf(const Chain &chain) {
  return times(times(chain.grid[0], chain.grid[1]), chain.grid[2]);
}

void Lowering::addStage(const Level &level, unsigned number) {
  SmallVector<unsigned> chains = chainsOf(number);
  SmallVector<Attribute> grid(composition.getChains()[chains[0]].grid.begin(),
                              composition.getChains()[chains[0]].grid.end());
  ExprAttr scratch = this->number(0);
  ExprAttr total = this->number(0);
  for (unsigned index : chains) {
    const Chain &chain = composition.getChains()[index];
    total = ExprAttr::binary(ExprOp::Add, total, blocksOf(chain));
    scratch =
        ExprAttr::binary(ExprOp::Max, scratch, add(chain.scratch, chain.kept));
  }
  if (chains.size() > 1)
    grid = {total, this->number(1), this->number(1)};
  OpBuilder builder(kernel->getContext());
  builder.setInsertionPointToEnd(&variant.getBody().front());
  plan::StageOp::create(
      builder, kernel.getLoc(), FlatSymbolRefAttr::get(level.function),
      builder.getArrayAttr(grid), scratch,
      builder.getI64IntegerAttr(
          target.isGpu() ? composition.getWarps(number) * target.threads : 1));
}

void Lowering::finish() {
  for (auto [number, level] : llvm::enumerate(levels)) {
    addStage(level, number);
    level.stage.reset();
  }
}

} // namespace mlir::sluice::lower
