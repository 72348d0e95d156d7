#pragma once

#include "dialects/scaled/ScaledDialect.h"
#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// Writes the d numbers of `source`, f32 in whole lanes of memory that is the
/// block's own (it is changed), rounded as `rounding` says, to target[to] on.
void round(Stage &stage, scaled::RoundingAttr rounding, Numbers source,
           int64_t d, Numbers target, Val to);

} // namespace mlir::sluice::lower
