#pragma once

#include "passes/lower/Composition.h"

#include <memory>

namespace mlir::sluice::lower {

/// Writes one variant of one kernel on one target. The ops of the kernel are
/// lowered twice: the first time they only say which grids they want, then
/// these are composed, and the second time their bodies are written.
class Lowering {
public:
  using Body = function_ref<void(Stage &)>;

  /// `few`: for at most kFewRows rows of the step.
  Lowering(plan::KernelOp kernel, const Target &target, bool few,
           unsigned firstStage);

  /// What follows is of this op, whose form is form().
  void enter(Operation *root);
  /// All ops have been lowered once.
  void compose();
  /// All ops have been lowered twice.
  void finish();
  unsigned stageCount() const { return levels.size(); }

  const Target &getTarget() const { return target; }
  Form form() const { return formOf(kernel, root, few); }
  plan::ExprAttr rows() { return kernel.getRowsOf(root); }
  plan::ExprAttr number(int64_t value);
  plan::ExprAttr symbol(plan::Symbol symbol);
  plan::ExprAttr mul(plan::ExprAttr x, int64_t y);
  plan::ExprAttr add(plan::ExprAttr x, int64_t y);
  plan::ExprAttr ceilDiv(plan::ExprAttr x, int64_t y);
  plan::ExprAttr ceilDiv(plan::ExprAttr x, plan::ExprAttr y);
  plan::ExprAttr times(plan::ExprAttr x, plan::ExprAttr y);
  plan::ExprAttr min(plan::ExprAttr x, int64_t y);

  /// Names the order of the op's sums.
  void sums(StringRef order);
  /// Bytes that pass between two of the op's stages.
  void buffer(plan::ExprAttr bytes);
  /// Adds a stage over grid[0] x grid[1] x grid[2] blocks, each of `warps`
  /// warps on a GPU. Buffers are named before.
  void stage(ArrayRef<plan::ExprAttr> grid, plan::ExprAttr scratch, Body body,
             int64_t warps = 1);

private:
  /// A stage of the kernel: its function, and where each chain goes on.
  struct Level {
    func::FuncOp function;
    std::unique_ptr<Stage> stage;
    DenseMap<unsigned, Block *> blocks;
    DenseMap<unsigned, std::array<Val, 3>> ids;
    DenseMap<unsigned, unsigned> written; // requests, by chain
  };

  FunctionType entryType(OpBuilder &builder);
  void open(Level &level, unsigned number);
  void openChains(Level &level, ArrayRef<unsigned> chains);
  SmallVector<unsigned> chainsOf(unsigned level) const;
  plan::ExprAttr blocksOf(const Chain &chain);
  void addStage(const Level &level, unsigned number);
  std::string stageName(unsigned level);

  plan::KernelOp kernel;
  const Target &target;
  bool few;
  unsigned firstStage;
  plan::VariantOp variant;
  Composition composition;
  bool isComposed = false;
  Operation *root = nullptr;
  unsigned next = 0; // request
  SmallVector<plan::ExprAttr> buffers;
  DenseMap<Operation *, unsigned> firstBuffer;
  std::vector<Level> levels;
};

} // namespace mlir::sluice::lower
