#pragma once

#include "dialects/attn/AttnDialect.h"
#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// Bytes of scratch that `rotation` fills.
int64_t rotationBytes(const Target &target, attn::RopeAttr rope);

/// Writes cos and signed sin of every channel of the rope at `position` to
/// `table`: [dims] cos, then [dims] sin, both padded to whole vectors.
/// `inverse` turns the other way.
void rotation(Stage &stage, attn::RopeAttr rope, Val position, bool inverse,
              Val table);

/// target[to + c] = rotated source[from + c] for the last `dims` of `d`
/// channels, the first d - dims are copied. The two are not one place.
void rotate(Stage &stage, attn::RopeAttr rope, Val table, Numbers source,
            Val from, Numbers target, Val to, int64_t d);

/// The same for the `d` channels of x where they are. The others are not
/// touched: LLVM widens loads, so that a thread would read a channel that its
/// neighbour turns.
void rotateInPlace(Stage &stage, attn::RopeAttr rope, Val table, Numbers x,
                   int64_t d);

} // namespace mlir::sluice::lower
