#include "runtime/device/sim/numerics/MmaTiles.h"
#include "runtime/device/sim/numerics/MmaVectors.h"
#include "runtime/device/sim/numerics/NarrowFloat.h"

#include <bit>

namespace sluice::sim {
namespace {

// One element type each: bits of an element to f32, and of eight.
struct WidenF16 { // one instruction from -v3 on
  SLUICE_SIM_INLINE static float of(uint32_t x) {
    return static_cast<float>(
        std::bit_cast<_Float16>(static_cast<uint16_t>(x)));
  }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) {
    return __builtin_convertvector(
        reinterpret_cast<F16x8>(__builtin_convertvector(x, U16x8)), F32x8);
  }
};
struct WidenBf16 {
  SLUICE_SIM_INLINE static float of(uint32_t x) { return f32(x << 16); }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) {
    return reinterpret_cast<F32x8>(x << 16);
  }
};
struct WidenTf32 { // the lower 13 bits do not count
  SLUICE_SIM_INLINE static float of(uint32_t x) { return f32(x & 0xffffe000); }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) {
    return reinterpret_cast<F32x8>(x & 0xffffe000);
  }
};
struct WidenE4m3 {
  SLUICE_SIM_INLINE static float of(uint32_t x) { return widened<kE4m3>(x); }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) {
    uint32_t bits[8];
    float values[8];
    std::memcpy(bits, &x, sizeof bits);
    for (Index i = 0; i < 8; ++i)
      values[i] = widened<kE4m3>(bits[i]);
    F32x8 result;
    load(result, values);
    return result;
  }
};
struct WidenE5m2 { // the upper half of an f16
  SLUICE_SIM_INLINE static float of(uint32_t x) { return WidenF16::of(x << 8); }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) { return WidenF16::of(x << 8); }
};
template <int Bits, bool Signed> struct WidenInteger {
  SLUICE_SIM_INLINE static float of(uint32_t x) {
    uint32_t top = x << (32 - Bits);
    return Signed ? static_cast<float>(static_cast<int32_t>(top) >> (32 - Bits))
                  : static_cast<float>(static_cast<int32_t>(x));
  }
  SLUICE_SIM_INLINE static F32x8 of(U32x8 x) {
    auto value = reinterpret_cast<S32x8>(x);
    if (Signed)
      value = (value << (32 - Bits)) >> (32 - Bits);
    return __builtin_convertvector(value, F32x8);
  }
};

template <int Bits> struct Unsigned;
template <> struct Unsigned<8> {
  using Type = uint8_t;
};
template <> struct Unsigned<16> {
  using Type = uint16_t;
};
template <> struct Unsigned<32> {
  using Type = uint32_t;
};

/// A register is the row-major tile already.
template <typename Element, int Bits>
SLUICE_SIM_INLINE void rowsOf(const void *lanes, float *tile) {
  if constexpr (Bits == 4) {
    uint8_t bytes[128];
    std::memcpy(bytes, lanes, sizeof bytes);
    for (Index i = 0; i < 128; ++i) {
      tile[2 * i] = Element::of(bytes[i] & 15U);
      tile[2 * i + 1] = Element::of(bytes[i] >> 4U);
    }
  } else {
    constexpr int count = 1024 / Bits;
    typename Unsigned<Bits>::Type elements[count];
    std::memcpy(elements, lanes, sizeof elements);
    for (Index i = 0; i < count; ++i)
      tile[i] = Element::of(elements[i]);
  }
}

/// The words of lanes 4n + q as vectors over n, one for each q.
SLUICE_SIM_INLINE void transposeWords(const void *lanes, U32x8 *words) {
  U32x8 x[4];
  for (Index i = 0; i < 4; ++i)
    load(x[i], static_cast<const char *>(lanes) + 32 * i);
  U32x8 low = __builtin_shufflevector(x[0], x[1], 0, 4, 8, 12, 1, 5, 9, 13);
  U32x8 lowHigh =
      __builtin_shufflevector(x[0], x[1], 2, 6, 10, 14, 3, 7, 11, 15);
  U32x8 high = __builtin_shufflevector(x[2], x[3], 0, 4, 8, 12, 1, 5, 9, 13);
  U32x8 highHigh =
      __builtin_shufflevector(x[2], x[3], 2, 6, 10, 14, 3, 7, 11, 15);
  words[0] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11);
  words[1] = __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
  words[2] =
      __builtin_shufflevector(lowHigh, highHigh, 0, 1, 2, 3, 8, 9, 10, 11);
  words[3] =
      __builtin_shufflevector(lowHigh, highHigh, 4, 5, 6, 7, 12, 13, 14, 15);
}

template <typename Element, int Bits>
SLUICE_SIM_INLINE void columnsOf(const void *lanes, float *tile) {
  constexpr int perWord = 32 / Bits;
  constexpr uint32_t mask = Bits == 32 ? ~0U : (1U << (Bits % 32)) - 1;
  U32x8 words[4];
  transposeWords(lanes, words);
#pragma clang loop unroll(full)
  for (Index q = 0; q < 4; ++q)
#pragma clang loop unroll(full)
    for (Index e = 0; e < perWord; ++e)
      store(Element::of(words[q] >> (e * Bits) & mask),
            tile + (q * perWord + e) * 8);
}

// The functions that multiversioning needs one by one.
#define UNPACK(name, element, bits)                                            \
  SLUICE_SIM_MULTIVERSION void rows##name(const void *const *registers,        \
                                          int count, float *tiles) {           \
    for (Index i = 0; i < count; ++i)                                          \
      rowsOf<element, bits>(registers[i], tiles + i * (1024 / bits));          \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void columns##name(const void *const *registers,     \
                                             int count, float *tiles) {        \
    for (Index i = 0; i < count; ++i)                                          \
      columnsOf<element, bits>(registers[i], tiles + i * (1024 / bits));       \
  }

using WidenS8 = WidenInteger<8, true>;
using WidenU8 = WidenInteger<8, false>;
using WidenS4 = WidenInteger<4, true>;
using WidenU4 = WidenInteger<4, false>;

UNPACK(F16, WidenF16, 16)
UNPACK(Bf16, WidenBf16, 16)
UNPACK(Tf32, WidenTf32, 32)
UNPACK(E4m3, WidenE4m3, 8)
UNPACK(E5m2, WidenE5m2, 8)
UNPACK(S8, WidenS8, 8)
UNPACK(U8, WidenU8, 8)
UNPACK(S4, WidenS4, 4)
UNPACK(U4, WidenU4, 4)

} // namespace

#define CHOOSE(prefix)                                                         \
  switch (type) {                                                              \
  case NumberType::F16:                                                        \
    return prefix##F16;                                                        \
  case NumberType::Bf16:                                                       \
    return prefix##Bf16;                                                       \
  case NumberType::Tf32:                                                       \
    return prefix##Tf32;                                                       \
  case NumberType::E4m3:                                                       \
    return prefix##E4m3;                                                       \
  case NumberType::E5m2:                                                       \
    return prefix##E5m2;                                                       \
  case NumberType::S8:                                                         \
    return bits == 4 ? prefix##S4 : prefix##S8;                                \
  case NumberType::U8:                                                         \
    return bits == 4 ? prefix##U4 : prefix##U8;                                \
  default:                                                                     \
    return nullptr;                                                            \
  }

UnpackTiles *unpackRows(NumberType type, int bits){
    CHOOSE(rows)} UnpackTiles *unpackColumns(NumberType type, int bits) {
  CHOOSE(columns)
}

} // namespace sluice::sim
