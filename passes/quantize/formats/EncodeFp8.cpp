#include "passes/quantize/formats/EncodeFp8.h"

#include "passes/quantize/formats/BlockFormat.h"
#include "passes/quantize/formats/Lanes.h"
#include "passes/quantize/formats/ScaleExponent.h"

#include <algorithm>

namespace sluice {

using namespace lanes;

static constexpr int64_t block = 128; // columns

/// The codes of `bits` (f32, finite), and their values without sign.
SLUICE_INLINE void roundE4M3(const U32 &bits, U32 &codes, F32 &value) {
  U32 magnitude = bits & ~signBit;
  // f32 of finite numbers are ordered as their bits are.
  U32 most = std::bit_cast<uint32_t>(mostFp8);
  select(magnitude < most, magnitude, most, magnitude);
  // From 2^-6 on there are three bits of mantissa: the carry of rounding may
  // run into the exponent, which is then right.
  U32 normal = magnitude + 0x7ffff + ((magnitude >> 20) & 1);
  // Below, a multiple of 2^-9, which is the last bit of an f32 at 2^14.
  F32 shifted = asFloat(magnitude) + 16384.0F;
  I32 isSmall = magnitude < std::bit_cast<uint32_t>(0x1p-6F);
  U32 valueBits;
  select(isSmall, asBits(shifted - 16384.0F), normal & 0xfff00000, valueBits);
  value = asFloat(valueBits);
  select(isSmall, asBits(shifted) & 0xf, (normal >> 20) - (120 << 3), codes);
  codes |= (bits & signBit) >> 24;
}

/// The largest magnitude of x[0..size) as f32 bits.
template <typename Stored>
SLUICE_INLINE uint32_t largest(const Stored *x, int64_t size) {
  U32 most = 0;
  for (int64_t i = 0; i < size; i += count) {
    U32 bits;
    load(x + i, size - i, bits);
    bits &= ~signBit;
    select(bits > most, bits, most, most);
  }
  return __builtin_reduce_max(most);
}

/// Encodes `size` <= 128 numbers with one scale. The sums of squares count
/// units of the scale.
template <typename Stored>
SLUICE_INLINE void encodeSegment(const Stored *x, int64_t size, float inverse,
                                 uint8_t *codes, F32 &signal, F32 &noise) {
  for (int64_t i = 0; i < size; i += count) {
    U32 bits, code;
    load(x + i, size - i, bits);
    F32 scaled = asFloat(bits) * inverse, rounded;
    roundE4M3(asBits(scaled), code, rounded);
    F32 error = asFloat(asBits(scaled) & ~signBit) - rounded;
    signal += scaled * scaled;
    noise += error * error;
    U8 bytes = __builtin_convertvector(code, U8);
    std::memcpy(codes + i, &bytes, size_t(std::min(count, size - i)));
  }
}

template <typename Stored>
SLUICE_INLINE void encodeStrip(const Rows &strip, uint8_t *codes,
                               uint8_t *scales, Distortion &cost) {
  int64_t rows = strip.rows, columns = strip.columns;
  const auto *x = reinterpret_cast<const Stored *>(strip.data);
  for (int64_t from = 0; from < columns; from += block) {
    int64_t width = std::min(block, columns - from);
    uint32_t most = 0;
    for (int64_t row = 0; row < rows; ++row)
      most = std::max(most, largest(x + row * columns + from, width));
    int exponent = scaleExponent(std::bit_cast<float>(most), mostFp8,
                                 weightFloor(mostFp8));
    scales[from / block] = scaleCode(exponent);
    float inverse = powerOfTwo(-exponent);
    double signal = 0, noise = 0;
    for (int64_t row = 0; row < rows; ++row) {
      F32 rowSignal = 0, rowNoise = 0;
      encodeSegment(x + row * columns + from, width, inverse,
                    codes + row * columns + from, rowSignal, rowNoise);
      signal += double(sum(rowSignal));
      noise += double(sum(rowNoise));
    }
    double unit = powerOfFour(exponent);
    cost += {signal * unit, noise * unit};
  }
}

SLUICE_FOR_EACH_ISA
static void encodeF32(const Rows &strip, uint8_t *codes, uint8_t *scales,
                      Distortion &cost) {
  encodeStrip<uint32_t>(strip, codes, scales, cost);
}
SLUICE_FOR_EACH_ISA
static void encodeBf16(const Rows &strip, uint8_t *codes, uint8_t *scales,
                       Distortion &cost) {
  encodeStrip<uint16_t>(strip, codes, scales, cost);
}

Distortion encodeFp8Strip(const Rows &strip, uint8_t *codes, uint8_t *scales) {
  Distortion cost;
  (strip.dtype == DType::F32 ? encodeF32 : encodeBf16)(strip, codes, scales,
                                                       cost);
  return cost;
}

uint8_t encodeE4M3(float value) {
  U32 bits = std::bit_cast<uint32_t>(value), codes;
  F32 ignored;
  roundE4M3(bits, codes, ignored);
  return uint8_t(codes[0]);
}

} // namespace sluice
