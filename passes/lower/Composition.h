#pragma once

#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// How the blocks of an op are cut where that depends on the ops beside it.
enum class Form {
  Own,   // as the op has it alone
  Heads, // a block for each head of a row
  Rows,  // a block for each row, which then has all outputs
  Tile,  // the blocks of the products that the op follows
};

/// The form of `op` in its kernel. `few`: in a variant for few rows.
Form formOf(plan::KernelOp kernel, Operation *op, bool few);

/// Whether the kernel has another variant for few rows.
bool hasFewRowsVariant(plan::KernelOp kernel);
inline constexpr int64_t kFewRows = 8;

/// One grid of blocks that an op asks for.
struct Request {
  Operation *op;
  SmallVector<plan::ExprAttr, 3> grid;
  plan::ExprAttr scratch; // bytes
  int64_t warps;
  unsigned chain = 0;
};

/// Requests that go one after the other through the same blocks.
struct Chain {
  unsigned level; // the kernel's stage
  SmallVector<plan::ExprAttr, 3> grid;
  plan::ExprAttr scratch; // bytes: the most of its requests
  int64_t warps;
  int64_t kept = 0; // bytes of scratch that values of its own take, first
};

/// How the ops of one kernel share stages and blocks. A request goes on in the
/// blocks of those it follows from, if the grids are equal and a block needs
/// only what it made itself; else it is a chain of its own in the next stage.
/// Chains of one stage stand side by side. What passes from one op to another
/// stays in scratch within a chain, else in buffers.
class Composition {
public:
  Composition(plan::KernelOp kernel, bool few) : kernel(kernel), few(few) {}

  /// In the order of the ops, and of each op's stages.
  void add(Request request);
  /// After the last: finds the places of values; appends to `buffers` the bytes
  /// of those that need one.
  void place(SmallVectorImpl<plan::ExprAttr> &buffers);

  ArrayRef<Request> getRequests() const { return requests; }
  ArrayRef<Chain> getChains() const { return chains; }
  const Places &getPlaces() const { return places; }
  unsigned getLevels() const;
  int64_t getWarps(unsigned level) const;

private:
  std::optional<unsigned> chainToJoin(const Request &request);
  bool fitsScratch(Value value, const Chain &chain) const;

  plan::KernelOp kernel;
  bool few;
  SmallVector<Request> requests;
  SmallVector<Chain> chains;
  DenseMap<Operation *, SmallVector<unsigned>> requestsOf;
  Places places;
};

} // namespace mlir::sluice::lower
