#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace sluice {

/// The exponent e of the scale 2^e of a block whose largest magnitude is
/// `largest`: ceil(log2(largest * f32(1 / most))), the least power of two that
/// brings all of the block into the range of the format, -most..most. Exact:
/// read off the bits of the product. `floor` stands in for a smaller `largest`.
inline int scaleExponent(float largest, float most, float floor) {
  float ratio = std::max(largest, floor) * (1.0F / most);
  auto bits = std::bit_cast<uint32_t>(ratio);
  return int(bits >> 23) - 127 + int((bits & 0x7fffff) != 0);
}

/// For weights: the floor with which a block of zeros has the exponent -126.
/// No scale is the code 0, whose value, 2^-127, is subnormal in f32.
constexpr float weightFloor(float most) { return most * 0x1p-126F; }

/// 2^exponent; -126..127.
inline float powerOfTwo(int exponent) {
  return std::bit_cast<float>(uint32_t(exponent + 127) << 23);
}

/// 4^exponent: what a square counts in units of a scale.
inline double powerOfFour(int exponent) {
  return std::bit_cast<double>(uint64_t(2 * exponent + 1023) << 52);
}

/// The E8M0 code of 2^exponent.
constexpr uint8_t scaleCode(int exponent) { return uint8_t(exponent + 127); }

} // namespace sluice
