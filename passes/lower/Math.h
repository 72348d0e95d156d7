#pragma once

#include "passes/lower/Val.h"

namespace mlir::sluice::lower {

// Our own elementary functions: the same sequence of operations in a vector and
// in its remainder, on every ISA. Scalars and vectors of f32.

/// e^x to 1 ulp; 0 below -87.3, saturates above 88, NaN stays.
Val exp(Val x);
/// 1 / (1 + e^-x).
Val sigmoid(Val x);
/// log(1 + e^x), without overflow; to 2 ulp.
Val softplus(Val x);
/// Sine and cosine of an f32 angle in radians, |angle| < 2^31: reduced and
/// evaluated in f64, so that large positions lose nothing.
std::pair<Val, Val> sinCos(Val angle);

} // namespace mlir::sluice::lower
