#pragma once

#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// sum of x^2 over `count` numbers at x[offset]: 16 lanes, then halved.
Val sumOfSquares(Stage &stage, Numbers x, Val offset, int64_t count);
/// 1 / sqrt(sum / count + eps)
Val inverseRms(Val sum, int64_t count, double eps);

} // namespace mlir::sluice::lower
