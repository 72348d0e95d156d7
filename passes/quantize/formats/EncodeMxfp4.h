#pragma once

#include "passes/quantize/formats/Rows.h"

namespace sluice {

/// How the scale of a group is found.
enum class ScaleChoice : uint8_t {
  PowerOfTwo, // scaleExponent's: nothing is clamped
  Search,     // that, or a smaller one where the sum of squared errors is less
};

struct Mxfp4Options {
  ScaleChoice scales = ScaleChoice::PowerOfTwo;
  /// For Search: what an error counts for, by column; null: 1.
  const float *importance = nullptr;
};

/// Encodes rows, finite and with a multiple of 32 columns. `codes`: half a byte
/// a number. `scales`: a byte for each 32 columns. To nearest, ties to the even
/// code; what a searched scale leaves out of range is clamped.
Distortion encodeMxfp4Rows(const Rows &rows, const Mxfp4Options &options,
                           uint8_t *codes, uint8_t *scales);

/// The E2M1 code nearest to `value`, which is clamped to -6..6. For tests and
/// single numbers: the arithmetic of encodeMxfp4Rows.
uint8_t encodeE2M1(float value);

} // namespace sluice
