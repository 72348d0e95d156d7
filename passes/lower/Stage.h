#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/lower/Emit.h"

namespace mlir::sluice::lower {

/// A log as a kernel sees it.
struct Log {
  plan::LogType type;
  Val pool, pages;  // addresses; `pages` of a paged log only
  Val pageTokens;   // P, of a paged log only
  Val pagesPerSlot; // entries of a slot's page table
};

/// The body of one stage function, while it is written: the emitter, the block
/// ids, and the kernel's arguments by the values of its root op.
class Stage : public Emit {
public:
  Stage(OpBuilder &builder, plan::KernelOp kernel, func::FuncOp function,
        const Target &target);

  Val x, y, z; // block ids, i64
  Val warp;    // of the block, i64; 0 on a CPU
  Val scratch; // this block's bytes
  Val rows();  // the kernel's rows

  /// Address of an operand of the root op: of a tensor's elements, of a scaled
  /// tensor's elements, of a pointer table when the weight has three
  /// dimensions.
  Val address(Value operand);
  /// Address of a scaled tensor's scales (or of their table).
  Val scales(Value operand);
  Val result(unsigned index);
  /// A tensor of f32 or bf16.
  Numbers numbers(Value operand);
  Numbers resultNumbers(unsigned index);
  Val positions(Value batch);
  Val slots(Value batch);
  Val firsts(Value batch);
  Log log(Value operand);
  /// Address of the variant's buffer `index`.
  Val buffer(unsigned index);

private:
  Val word(unsigned index, Type type);
  Val wordOf(Value operand, unsigned part);

  plan::KernelOp kernel;
  Block &entry; // its arguments are the words, or say where they are
  DenseMap<Value, unsigned> firstWord; // of each kernel argument
  SmallVector<unsigned> resultWord;
  SmallVector<Type> resultElement;
  unsigned firstValue = 0; // word of the kernel's first value
  unsigned firstBuffer = 0;
};

/// Writes the variants of one kernel on one target.
class Lowering {
public:
  using Body = function_ref<void(Stage &)>;

  Lowering(plan::KernelOp kernel, const Target &target);

  const Target &getTarget() const { return target; }
  plan::ExprAttr rows() { return kernel.getRows(); }
  plan::ExprAttr number(int64_t value);
  plan::ExprAttr symbol(plan::Symbol symbol);
  plan::ExprAttr mul(plan::ExprAttr x, int64_t y);
  plan::ExprAttr add(plan::ExprAttr x, int64_t y);
  plan::ExprAttr ceilDiv(plan::ExprAttr x, int64_t y);
  plan::ExprAttr ceilDiv(plan::ExprAttr x, plan::ExprAttr y);
  plan::ExprAttr times(plan::ExprAttr x, plan::ExprAttr y);
  plan::ExprAttr min(plan::ExprAttr x, int64_t y);

  /// Names the order of the kernel's sums.
  void sums(StringRef order);
  /// Bytes that pass between two stages.
  void buffer(plan::ExprAttr bytes);
  /// Adds a stage over grid[0] x grid[1] x grid[2] blocks, each of `warps`
  /// warps on a GPU. Buffers are named before.
  void stage(ArrayRef<plan::ExprAttr> grid, plan::ExprAttr scratch, Body body,
             int64_t warps = 1);

private:
  FunctionType entryType(OpBuilder &builder);

  plan::KernelOp kernel;
  const Target &target;
  plan::VariantOp variant;
  unsigned stages = 0;
};

} // namespace mlir::sluice::lower
