#include "passes/lower/Stage.h"

#include "dialects/scaled/ScaledTypes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::sluice::lower {

using plan::ExprAttr;
using plan::ExprOp;

unsigned wordsOf(Type type) {
  if (isa<plan::BatchType>(type))
    return 3;
  return isa<plan::LogType, scaled::ScaledTensorType>(type) ? 2 : 1;
}

std::pair<ExprAttr, ExprAttr> pageValues(MLIRContext *context) {
  ExprAttr page = ExprAttr::symbol(context, plan::Symbol::P);
  return {page, ExprAttr::binary(ExprOp::CeilDiv,
                                 ExprAttr::symbol(context, plan::Symbol::MaxN),
                                 page)};
}

Stage::Stage(OpBuilder &builder, plan::KernelOp kernel, func::FuncOp function,
             const Target &target, const Places &places)
    : Emit(builder, kernel.getLoc(), target), kernel(kernel),
      entry(function.getBody().front()), places(places) {
  if (target.isGpu()) {
    x = extendUnsigned(special("ctaid.x"), 64);
    y = extendUnsigned(special("ctaid.y"), 64);
    z = extendUnsigned(special("ctaid.z"), 64);
    warp = extendUnsigned(threadOfBlock / static_cast<int32_t>(target.threads),
                          64);
    Type shared = LLVM::LLVMPointerType::get(b.getContext(), 3);
    blockScratch = Val(b, LLVM::AddressOfOp::create(b, shared, kSharedMemory));
  } else {
    x = extendUnsigned(Val(b, entry.getArgument(1)), 64);
    y = extendUnsigned(Val(b, entry.getArgument(2)), 64);
    z = extendUnsigned(Val(b, entry.getArgument(3)), 64);
    warp = i64(0);
    blockScratch = Val(b, entry.getArgument(4));
  }
  scratch = blockScratch;
  unsigned word = 0;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    firstWord[argument] = word;
    word += wordsOf(argument.getType());
  }
  firstResult = word;
  firstValue =
      word + kernel.getBody().front().getTerminator()->getNumOperands();
  firstBuffer = firstValue + kernel.getValues()->size();
}

void Stage::enter(Operation *op, std::array<Val, 3> ids, Val ownScratch,
                  unsigned buffers) {
  root = op;
  x = ids[0];
  y = ids[1];
  z = ids[2];
  scratch = ownScratch;
  ownBuffers = buffers;
}

Val Stage::word(unsigned index, Type type) {
  if (target.isGpu())
    return Val(b, entry.getArgument(index));
  return load(Val(b, entry.getArgument(0)), i64(index), type);
}

Val Stage::wordOf(Value operand, unsigned part) {
  return word(firstWord.at(operand) + part, pointer());
}

/// The integer that a launch passes for `expr`.
Val Stage::valueWord(ExprAttr expr) {
  const auto *at = llvm::find(kernel.getValues()->getValue(), expr);
  return word(firstValue + (at - kernel.getValues()->begin()), b.getI64Type());
}

Val Stage::rows() { return valueWord(kernel.getRowsOf(root)); }

Val Stage::count(ExprAttr expr) {
  if (llvm::is_contained(kernel.getValues()->getValue(), expr))
    return valueWord(expr);
  SmallVector<Val> stack;
  for (const plan::ExprStep &step : expr.getSteps()) {
    if (step.op == ExprOp::Constant) {
      stack.push_back(i64(step.value));
      continue;
    }
    if (step.op == ExprOp::Symbol) {
      stack.push_back(valueWord(ExprAttr::symbol(
          b.getContext(), static_cast<plan::Symbol>(step.value))));
      continue;
    }
    Val right = stack.pop_back_val(), left = stack.pop_back_val();
    switch (step.op) {
    case ExprOp::Add:
      stack.push_back(left + right);
      break;
    case ExprOp::Mul:
      stack.push_back(left * right);
      break;
    case ExprOp::CeilDiv:
      stack.push_back((left + right - 1) / right);
      break;
    case ExprOp::Min:
      stack.push_back(min(left, right));
      break;
    case ExprOp::Max:
      stack.push_back(max(left, right));
      break;
    default:
      llvm_unreachable("no grid has this");
    }
  }
  return stack.back();
}

/// What a block would find at its own part of a row, if all rows lay in memory.
Val Stage::inScratch(const Place &place, Type element) {
  Val skipped = x * place.columns;
  if (place.part < place.columns)
    skipped = skipped + y * place.part;
  return at(atBytes(blockScratch, i64(place.offset)), i64(0) - skipped,
            element);
}

Val Stage::address(Value operand) {
  auto found = places.find(operand);
  if (found == places.end())
    return wordOf(operand, 0);
  const Place &place = found->second;
  switch (place.kind) {
  case Place::Kind::Result:
    return word(firstResult + place.index, pointer());
  case Place::Kind::Buffer:
    return word(firstBuffer + place.index, pointer());
  case Place::Kind::Scratch:
    return inScratch(place, getElementTypeOrSelf(operand));
  }
  llvm_unreachable("a kind of place");
}

Val Stage::scales(Value operand) { return wordOf(operand, 1); }
Val Stage::positions(Value batch) { return wordOf(batch, 0); }
Val Stage::slots(Value batch) { return wordOf(batch, 1); }
Val Stage::firsts(Value batch) { return wordOf(batch, 2); }

Numbers Stage::numbers(Value operand) {
  return {address(operand), getElementTypeOrSelf(operand)};
}

Val Stage::buffer(unsigned index) {
  return word(firstBuffer + ownBuffers + index, pointer());
}

Log Stage::log(Value operand) {
  auto type = cast<plan::LogType>(operand.getType());
  Log log{type, wordOf(operand, 0), {}, {}, {}};
  if (!type.isRing()) {
    log.pages = wordOf(operand, 1);
    auto [pageTokens, pagesPerSlot] = pageValues(b.getContext());
    log.pageTokens = valueWord(pageTokens);
    log.pagesPerSlot = valueWord(pagesPerSlot);
  }
  return log;
}

} // namespace mlir::sluice::lower
