#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::sluice::numerics {

/// Gives bf16 to the activations and state of the flat `entry`, f32 all. Kept
/// are what an op defines as f32, and what feeds scores, pooling or an output
/// that the caller reads as f32.
void narrow(func::FuncOp entry);

/// Inserts the roundings of the `native` mode into the narrowed `entry`.
/// Errors: a rounding that does not fit the model's sizes.
LogicalResult roundAsTrained(func::FuncOp entry);

} // namespace mlir::sluice::numerics
