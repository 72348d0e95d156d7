#pragma once

#include "passes/quantize/formats/Rows.h"

namespace sluice {

/// Encodes one strip of FP8 blocks: `strip` has 1..128 rows, all of them in the
/// same row of blocks, and finite. `codes`: a byte a number. `scales`: a byte
/// for each 128 columns. To nearest, ties to the even code; no number exceeds
/// its block's range, so none is clamped. The scale is scaleExponent's, with
/// weightFloor.
Distortion encodeFp8Strip(const Rows &strip, uint8_t *codes, uint8_t *scales);

/// The E4M3 code nearest to `value`, which is clamped to -448..448. For tests
/// and single numbers: the arithmetic of encodeFp8Strip.
uint8_t encodeE4M3(float value);

} // namespace sluice
