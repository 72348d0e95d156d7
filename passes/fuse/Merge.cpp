#include "passes/fuse/Merge.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::sluice;
using plan::DispatchOp;

SmallVector<Operation *> fuse::parts(Operation *op) {
  if (auto dispatch = dyn_cast<DispatchOp>(op))
    return llvm::map_to_vector(dispatch.getBody().front().without_terminator(),
                               [](Operation &part) { return &part; });
  return {op};
}

Operation *fuse::inStep(Operation *op) {
  while (isa<DispatchOp>(op->getParentOp()))
    op = op->getParentOp();
  return op;
}

Operation *fuse::maker(Value value) {
  Operation *op = value.getDefiningOp();
  return op ? inStep(op) : nullptr;
}

Operation *fuse::onlyUser(Value value) {
  Operation *found = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *op = inStep(user);
    if (found && op != found)
      return nullptr;
    found = op;
  }
  return found;
}

namespace {
/// Ops of the step that follow from others, in text order.
class Followers {
public:
  explicit Followers(ArrayRef<Operation *> ops) {
    for (Operation *op : ops)
      add(op);
  }

  /// Whether `op` takes a value of theirs, or stores to a ring that they read.
  bool include(Operation *op) const {
    for (Operation *part : fuse::parts(op)) {
      for (Value operand : part->getOperands())
        if (Operation *from = operand.getDefiningOp())
          if (ops.contains(fuse::inStep(from)))
            return true;
      auto kernelOp = dyn_cast<plan::KernelOpInterface>(part);
      Value ring = kernelOp ? kernelOp.getCommittedLog() : Value();
      if (ring && rings.contains(ring))
        return true;
    }
    return false;
  }

  void add(Operation *op) {
    ops.insert(op);
    for (Operation *part : fuse::parts(op))
      for (Value operand : part->getOperands())
        if (isa<plan::LogType>(operand.getType()))
          rings.insert(operand);
  }

private:
  DenseSet<Operation *> ops;
  DenseSet<Value> rings;
};
} // namespace

/// What stands between the first and the last of `ops` and must come after
/// them; nothing where one of `ops` must come after that.
static std::optional<SmallVector<Operation *>>
followersBetween(ArrayRef<Operation *> ops) {
  Followers followers({ops.front()});
  SmallVector<Operation *> between;
  llvm::SmallPtrSet<Operation *, 8> members(ops.begin(), ops.end());
  // Of the members' own edges only those through another op count.
  Followers outside({});
  for (Operation *op = ops.front()->getNextNode();; op = op->getNextNode()) {
    if (members.contains(op)) {
      if (outside.include(op))
        return std::nullopt;
      followers.add(op);
      if (op == ops.back())
        return between;
    } else if (followers.include(op)) {
      followers.add(op);
      outside.add(op);
      between.push_back(op);
    }
  }
}

/// Moves `op`, or what the dispatch `op` holds, to the end of `body`.
static void moveInto(Operation *op, Block &body) {
  auto dispatch = dyn_cast<DispatchOp>(op);
  if (!dispatch)
    return op->moveBefore(&body, body.end());
  Operation *yield = dispatch.getBody().front().getTerminator();
  dispatch->replaceAllUsesWith(yield->getOperands());
  for (Operation *part : fuse::parts(dispatch))
    part->moveBefore(&body, body.end());
  dispatch->erase();
}

DispatchOp fuse::merge(ArrayRef<Operation *> wanted, StringRef name) {
  llvm::SetVector<Operation *> unique(wanted.begin(), wanted.end());
  SmallVector<Operation *> ops(unique.begin(), unique.end());
  llvm::sort(ops,
             [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
  if (ops.size() == 1)
    return dyn_cast<DispatchOp>(ops[0]);
  std::optional<SmallVector<Operation *>> after = followersBetween(ops);
  if (!after)
    return nullptr;

  OpBuilder builder(ops.back());
  Location loc = ops.back()->getLoc();
  auto holder = DispatchOp::create(builder, loc, TypeRange(), name);
  Block &body = holder.getBody().emplaceBlock();
  for (Operation *op : ops)
    moveInto(op, body);
  SmallVector<Value> yielded;
  for (Operation &part : body)
    for (Value result : part.getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return user->getBlock() != &body;
          }))
        yielded.push_back(result);
  builder.setInsertionPointToEnd(&body);
  plan::YieldOp::create(builder, loc, yielded);

  builder.setInsertionPoint(holder);
  auto dispatch =
      DispatchOp::create(builder, loc, TypeRange(ValueRange(yielded)), name);
  dispatch.getBody().takeBody(holder.getBody());
  holder->erase();
  for (auto [value, result] : llvm::zip_equal(yielded, dispatch.getResults()))
    value.replaceUsesWithIf(result, [&](OpOperand &use) {
      return !dispatch->isAncestor(use.getOwner());
    });
  Operation *last = dispatch;
  for (Operation *op : *after) {
    op->moveAfter(last);
    last = op;
  }
  return dispatch;
}
