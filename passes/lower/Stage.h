#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/lower/Emit.h"

#include <array>

namespace mlir::sluice::lower {

/// A log as a kernel sees it.
struct Log {
  plan::LogType type;
  Val pool, pages;  // addresses; `pages` of a paged log only
  Val pageTokens;   // P, of a paged log only
  Val pagesPerSlot; // entries of a slot's page table
};

/// A block's memory on a GPU, of the size that a launch gives it.
inline constexpr StringLiteral kSharedMemory = "sluice_shared";

/// Words of one kernel argument; the rule is in docs/plan-format.md.
unsigned wordsOf(Type type);

/// What the address of a row in a paged log needs: tokens of a page, pages of a
/// slot.
std::pair<plan::ExprAttr, plan::ExprAttr> pageValues(MLIRContext *context);

/// Where a value that one op of a kernel makes for another, or for its caller,
/// lies.
struct Place {
  enum class Kind { Result, Buffer, Scratch } kind;
  unsigned index = 0; // of the kernel's results or the variant's buffers
  /// In scratch: bytes from the block's, and the elements of a row, of which a
  /// block has `part`.
  int64_t offset = 0, columns = 0, part = 0;
};
using Places = DenseMap<Value, Place>;

/// The body of one stage function, while it is written: the emitter, the block
/// ids, and the kernel's arguments by the values of its ops.
class Stage : public Emit {
public:
  /// `places` of all values that ops of the kernel make; must outlive this.
  Stage(OpBuilder &builder, plan::KernelOp kernel, func::FuncOp function,
        const Target &target, const Places &places);

  /// What follows is a block of this op.
  void enter(Operation *root, std::array<Val, 3> ids, Val ownScratch,
             unsigned buffers);

  Val x, y, z;      // block ids, i64
  Val warp;         // of the block, i64; 0 on a CPU
  Val scratch;      // this block's bytes for this op
  Val blockScratch; // all of this block's bytes
  Val rows();       // the op's rows
  /// The value of an expression over the kernel's rows and their symbols.
  Val count(plan::ExprAttr expr);

  /// Address of an operand of the op: of a tensor's elements, of a scaled
  /// tensor's elements, of a pointer table when the weight has three
  /// dimensions.
  Val address(Value operand);
  /// Address of a scaled tensor's scales (or of their table).
  Val scales(Value operand);
  Val result(unsigned index) { return address(root->getResult(index)); }
  /// A tensor of f32 or bf16.
  Numbers numbers(Value operand);
  Numbers resultNumbers(unsigned index) {
    return numbers(root->getResult(index));
  }
  Val positions(Value batch);
  Val slots(Value batch);
  Val firsts(Value batch);
  Log log(Value operand);
  /// Address of the op's buffer `index`.
  Val buffer(unsigned index);

private:
  Val word(unsigned index, Type type);
  Val wordOf(Value operand, unsigned part);
  Val valueWord(plan::ExprAttr expr);
  Val inScratch(const Place &place, Type element);

  plan::KernelOp kernel;
  Operation *root = nullptr;
  Block &entry; // its arguments are the words, or say where they are
  const Places &places;
  DenseMap<Value, unsigned> firstWord; // of each kernel argument
  unsigned firstResult = 0, firstValue = 0, firstBuffer = 0; // words
  unsigned ownBuffers = 0; // number of the op's first buffer
};

} // namespace mlir::sluice::lower
