#include "passes/quantize/formats/EncodeMxfp4.h"

#include "passes/quantize/formats/BlockFormat.h"
#include "passes/quantize/formats/Lanes.h"
#include "passes/quantize/formats/ScaleExponent.h"

#include <algorithm>

namespace sluice {

using namespace lanes;

static constexpr int64_t group = 32; // columns

// Where every error counts the same, one step below the least power of two
// without clamping is the last that can pay: two steps cost the largest number
// at least 2.25 units and save the other 31 at most 1/16 each. Weights by
// column know no such bound; from six steps on every code is clamped.
static constexpr int fewSteps = 1, manySteps = 6;

// E8M0 code 0 is 2^-127, a subnormal f32, which decoders need not agree on.
static constexpr int lowest = -126;

/// The codes of `bits` (f32, finite), and their values without sign.
SLUICE_INLINE void roundE2M1(const U32 &bits, U32 &codes, F32 &value) {
  U32 magnitude = bits & ~signBit;
  U32 most = std::bit_cast<uint32_t>(mostMxfp4);
  select(magnitude < most, magnitude, most, magnitude);
  // From 1 on there is one bit of mantissa; a carry may run into the exponent.
  U32 normal = magnitude + 0x1fffff + ((magnitude >> 22) & 1);
  // Below, a multiple of 1/2, which is the last bit of an f32 at 2^22.
  F32 shifted = asFloat(magnitude) + 4194304.0F;
  I32 isSmall = magnitude < std::bit_cast<uint32_t>(1.0F);
  U32 valueBits;
  select(isSmall, asBits(shifted - 4194304.0F), normal & 0xffc00000, valueBits);
  value = asFloat(valueBits);
  select(isSmall, asBits(shifted) & 3, (normal >> 22) - (126 << 1), codes);
  codes |= (bits & signBit) >> 28;
}

/// One group with one scale. Sums of squares count units of the scale.
struct Coded {
  U32 low, high;           // codes of columns 0..15 and 16..31
  F32 lowError, highError; // of magnitudes, in units of the scale
};

SLUICE_INLINE void encodeGroup(const F32 &low, const F32 &high, int exponent,
                               Coded &coded) {
  float inverse = powerOfTwo(-exponent);
  F32 scaledLow = low * inverse, scaledHigh = high * inverse;
  F32 valueLow, valueHigh;
  roundE2M1(asBits(scaledLow), coded.low, valueLow);
  roundE2M1(asBits(scaledHigh), coded.high, valueHigh);
  coded.lowError = asFloat(asBits(scaledLow) & ~signBit) - valueLow;
  coded.highError = asFloat(asBits(scaledHigh) & ~signBit) - valueHigh;
}

SLUICE_INLINE float squares(const F32 &low, const F32 &high) {
  return sum(low * low + high * high);
}

/// The weighted sum of squared errors, in units of 2^(2 * exponent).
SLUICE_INLINE float loss(const Coded &coded, const float *importance) {
  if (!importance)
    return squares(coded.lowError, coded.highError);
  F32 low, high;
  std::memcpy(&low, importance, sizeof low);
  std::memcpy(&high, importance + count, sizeof high);
  return sum(coded.lowError * coded.lowError * low +
             coded.highError * coded.highError * high);
}

SLUICE_INLINE void store(const Coded &coded, uint8_t *codes) {
  U8 low = __builtin_convertvector(coded.low, U8);
  U8 high = __builtin_convertvector(coded.high, U8);
  U8 even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16,
                                    18, 20, 22, 24, 26, 28, 30);
  U8 odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19,
                                   21, 23, 25, 27, 29, 31);
  U8 bytes = even | (odd << 4);
  std::memcpy(codes, &bytes, sizeof bytes);
}

template <typename Stored>
SLUICE_INLINE void encodeRows(const Rows &rows, const Mxfp4Options &options,
                              uint8_t *codes, uint8_t *scales,
                              Distortion &cost) {
  const auto *x = reinterpret_cast<const Stored *>(rows.data);
  int64_t groups = rows.columns / group;
  int steps = options.scales == ScaleChoice::PowerOfTwo ? 0
              : options.importance                      ? manySteps
                                                        : fewSteps;
  double signal = 0, noise = 0;
  for (int64_t i = 0; i < rows.rows * groups; ++i) {
    U32 lowBits, highBits;
    load(x + i * group, lowBits);
    load(x + i * group + count, highBits);
    F32 low = asFloat(lowBits), high = asFloat(highBits);
    uint32_t most = std::max(__builtin_reduce_max(lowBits & ~signBit),
                             __builtin_reduce_max(highBits & ~signBit));
    int exponent = scaleExponent(std::bit_cast<float>(most), mostMxfp4,
                                 weightFloor(mostMxfp4));
    Coded best;
    encodeGroup(low, high, exponent, best);
    if (steps > 0 && most > 0) {
      const float *importance = options.importance
                                    ? options.importance + i % groups * group
                                    : nullptr;
      float least = loss(best, importance);
      int start = exponent;
      float unit = 1;
      for (int step = 1; step <= steps && start - step >= lowest; ++step) {
        Coded other;
        encodeGroup(low, high, start - step, other);
        unit /= 4;
        float its = loss(other, importance) * unit;
        if (!(its < least)) // equal: the one that clamps less
          continue;
        least = its;
        best = other;
        exponent = start - step;
      }
    }
    store(best, codes + i * (group / 2));
    scales[i] = scaleCode(exponent);
    double unit = powerOfFour(exponent);
    float inverse = powerOfTwo(-exponent);
    signal += double(squares(low * inverse, high * inverse)) * unit;
    noise += double(squares(best.lowError, best.highError)) * unit;
  }
  cost += {signal, noise};
}

SLUICE_FOR_EACH_ISA
static void encodeF32(const Rows &rows, const Mxfp4Options &options,
                      uint8_t *codes, uint8_t *scales, Distortion &cost) {
  encodeRows<uint32_t>(rows, options, codes, scales, cost);
}
SLUICE_FOR_EACH_ISA
static void encodeBf16(const Rows &rows, const Mxfp4Options &options,
                       uint8_t *codes, uint8_t *scales, Distortion &cost) {
  encodeRows<uint16_t>(rows, options, codes, scales, cost);
}

Distortion encodeMxfp4Rows(const Rows &rows, const Mxfp4Options &options,
                           uint8_t *codes, uint8_t *scales) {
  Distortion cost;
  (rows.dtype == DType::F32 ? encodeF32 : encodeBf16)(rows, options, codes,
                                                      scales, cost);
  return cost;
}

uint8_t encodeE2M1(float value) {
  U32 bits = std::bit_cast<uint32_t>(value), codes;
  F32 ignored;
  roundE2M1(bits, codes, ignored);
  return uint8_t(codes[0]);
}

} // namespace sluice
