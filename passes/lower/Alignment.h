#pragma once

#include "mlir/IR/Value.h"
#include "passes/lower/Target.h"

namespace mlir::sluice::lower {

/// A power of two, at most 4096, that divides an integer, as far as constants
/// tell.
int64_t multipleOf(Value value);

/// Bytes that an access of `type` at `address` may count on. On a CPU those of
/// an element: checkpoint tensors have no more. A GPU places every array at 256
/// bytes, so what is added to its start decides, as far as constants tell.
int32_t alignmentOf(const Target &target, Value address, Type type);

/// An address that was loaded from memory is a multiple of `bytes`.
void setAlignment(Value address, int64_t bytes);

} // namespace mlir::sluice::lower
