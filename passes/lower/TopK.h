#pragma once

#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// A u32 (as i32) that orders like the f32 `x`: larger for larger, equal for
/// equal (both zeros), 0 for NaN. Lanes or a scalar.
Val sortKey(Val x);

/// The `top` largest of `count` sort keys at `keys`, equal keys towards the
/// smaller index: choose(place, index) in ascending order of the index. Keys up
/// to the end of a vector are there and 0; count >= top.
void topK(Stage &stage, Val keys, Val count, int64_t top,
          function_ref<void(Val, Val)> choose);

} // namespace mlir::sluice::lower
