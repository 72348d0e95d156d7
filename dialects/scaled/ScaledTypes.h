#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/scaled/ScaledTypes.h.inc"

namespace mlir::sluice::scaled {

/// Shape and element type of a weight, plain or block-scaled.
ArrayRef<int64_t> weightShape(Type weight);
Type weightElementType(Type weight);

} // namespace mlir::sluice::scaled
