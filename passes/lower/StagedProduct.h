#pragma once

#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

/// Outputs of a block of a product with weights of `type` on a GPU.
int64_t stagedOutputs(const Target &target, Type type);

/// Bytes of shared memory that stagedProducts needs.
int64_t stagedScratch(const Target &target);

/// `products` on a GPU. The block's warps copy a piece of the rows of x to
/// shared memory while they multiply the piece before; each weight is loaded
/// once for four rows, 16 bytes a thread where whole rows are made of those,
/// and decoded in registers.
void stagedProducts(Stage &stage, const Target &target, Weight &weight,
                    Val lowOut, Val highOut, Val lowRow, Val highRow,
                    function_ref<Numbers(Val)> inputRow,
                    function_ref<void(Val, Val, Val)> store);

} // namespace mlir::sluice::lower
