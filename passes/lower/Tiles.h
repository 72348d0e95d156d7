#pragma once

#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/lower/Lowering.h"

namespace mlir::sluice::lower {

/// Outputs and rows of a product.
struct Tile {
  Val lowOut, highOut, lowRow, highRow;
};

/// How the blocks of a product share its outputs, on the target and in the form
/// of the op that `k` has entered: the product itself, or what follows it.
struct LinearTiles {
  LinearTiles(scaled::LinearOp op, Lowering &k);
  Tile at(Stage &stage) const; // of the block

  SmallVector<plan::ExprAttr, 3> grid;
  bool isRow; // a block has all outputs of a row
  int64_t groups, blockOutputs, perGroup;
};

/// The same of the experts' products: a block has those of one expert.
struct MatmulTiles {
  MatmulTiles(moe::MatmulOp op, Lowering &k);
  Tile at(Stage &stage);

  moe::MatmulOp op;
  SmallVector<plan::ExprAttr, 3> grid;
  int64_t blockOutputs, outputs;
};

} // namespace mlir::sluice::lower
