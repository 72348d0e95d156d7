#include "runtime/device/sim/numerics/MmaTiles.h"

#include "runtime/device/sim/numerics/Multiversion.h"
#include "runtime/device/sim/numerics/NarrowFloat.h"

#include <cstddef>
#include <cstring>

namespace sluice::sim {
namespace {

using Index = std::ptrdiff_t;

using F32x8 = float __attribute__((vector_size(32)));
using U32x8 = uint32_t __attribute__((vector_size(32)));
using S32x8 = int32_t __attribute__((vector_size(32)));
using U16x8 = uint16_t __attribute__((vector_size(16)));
using F16x8 = _Float16 __attribute__((vector_size(16)));
using F64x8 = double __attribute__((vector_size(64)));

template <typename Vector>
SLUICE_SIM_INLINE void load(Vector &x, const void *at) {
  std::memcpy(&x, at, sizeof x);
}

template <typename Vector>
SLUICE_SIM_INLINE void store(const Vector &x, void *at) {
  std::memcpy(at, &x, sizeof x);
}

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

template <int Depth>
SLUICE_SIM_INLINE void multiply(const TileCounts &tiles, const float *a,
                                const float *b, float *sums) {
  for (Index row = 0; row < tiles.rowTiles; ++row)
    for (Index column = 0; column < tiles.columnTiles; ++column) {
      float *sum = sums + (row * tiles.columnTiles + column) * 64;
      F32x8 s[8];
      for (Index i = 0; i < 8; ++i)
        load(s[i], sum + 8 * i);
      for (Index depth = 0; depth < tiles.depthTiles; ++depth) {
        const float *left = a + (depth * tiles.rowTiles + row) * 8 * Depth;
        const float *right =
            b + (column * tiles.depthTiles + depth) * 8 * Depth;
        for (Index k = 0; k < Depth; ++k) {
          F32x8 bRow;
          load(bRow, right + 8 * k);
#pragma clang loop unroll(full)
          for (Index i = 0; i < 8; ++i) {
            float x = left[i * Depth + k];
            F32x8 broadcast = {x, x, x, x, x, x, x, x};
            s[i] = __builtin_elementwise_fma(broadcast, bRow, s[i]);
          }
        }
      }
      for (Index i = 0; i < 8; ++i)
        store(s[i], sum + 8 * i);
    }
}

template <int Depth>
SLUICE_SIM_INLINE void multiplyWide(const TileCounts &tiles, const float *a,
                                    const float *b, double *sums) {
  for (Index row = 0; row < tiles.rowTiles; ++row)
    for (Index column = 0; column < tiles.columnTiles; ++column) {
      double *sum = sums + (row * tiles.columnTiles + column) * 64;
      for (Index depth = 0; depth < tiles.depthTiles; ++depth) {
        const float *left = a + (depth * tiles.rowTiles + row) * 8 * Depth;
        const float *right =
            b + (column * tiles.depthTiles + depth) * 8 * Depth;
        for (Index i = 0; i < 8; ++i) {
          F64x8 s;
          load(s, sum + 8 * i);
          for (Index k = 0; k < Depth; ++k) {
            F32x8 bRow;
            load(bRow, right + 8 * k);
            double x = left[i * Depth + k];
            F64x8 broadcast = {x, x, x, x, x, x, x, x};
            // The product of two such f32 is exact.
            s += broadcast * __builtin_convertvector(bRow, F64x8);
          }
          store(s, sum + 8 * i);
        }
      }
    }
}

SLUICE_SIM_INLINE F32x8 canonicalized(F32x8 x) {
  auto bits = reinterpret_cast<U32x8>(x); // see canonical
  U32x8 nan = {0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff,
               0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff};
  bits = (bits & 0x7fffffff) > 0x7f800000 ? nan : bits;
  return reinterpret_cast<F32x8>(bits);
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

SLUICE_SIM_MULTIVERSION void multiply4(const TileCounts &tiles, const float *a,
                                       const float *b, float *sums) {
  multiply<4>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void multiply8(const TileCounts &tiles, const float *a,
                                       const float *b, float *sums) {
  multiply<8>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void multiply16(const TileCounts &tiles, const float *a,
                                        const float *b, float *sums) {
  multiply<16>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void multiply32(const TileCounts &tiles, const float *a,
                                        const float *b, float *sums) {
  multiply<32>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void wide4(const TileCounts &tiles, const float *a,
                                   const float *b, double *sums) {
  multiplyWide<4>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void wide8(const TileCounts &tiles, const float *a,
                                   const float *b, double *sums) {
  multiplyWide<8>(tiles, a, b, sums);
}
SLUICE_SIM_MULTIVERSION void wide16(const TileCounts &tiles, const float *a,
                                    const float *b, double *sums) {
  multiplyWide<16>(tiles, a, b, sums);
}

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

void multiplyTiles(const TileCounts &tiles, int depth, const float *a,
                   const float *b, float *sums) {
  depth == 4    ? multiply4(tiles, a, b, sums)
  : depth == 8  ? multiply8(tiles, a, b, sums)
  : depth == 16 ? multiply16(tiles, a, b, sums)
                : multiply32(tiles, a, b, sums);
}

void multiplyTilesWide(const TileCounts &tiles, int depth, const float *a,
                       const float *b, double *sums) {
  depth == 4   ? wide4(tiles, a, b, sums)
  : depth == 8 ? wide8(tiles, a, b, sums)
               : wide16(tiles, a, b, sums);
}

SLUICE_SIM_MULTIVERSION void multiplyF64(int rows, int depth, const double *a,
                                         const double *b, double *sums) {
  for (Index row = 0; row < rows; ++row) {
    F64x8 s;
    load(s, sums + 8 * row);
    for (Index k = 0; k < depth; ++k) {
      F64x8 bRow;
      load(bRow, b + 8 * k);
      double x = a[row * depth + k];
      F64x8 broadcast = {x, x, x, x, x, x, x, x};
      s = __builtin_elementwise_fma(broadcast, bRow, s);
    }
    store(s, sums + 8 * row);
  }
}

// Sums lie [row tile][column tile], registers [column tile][row tile].
#define FOR_EACH_TILE(i, sum)                                                  \
  for (Index column = 0, i = 0; column < tiles.columnTiles; ++column)          \
    for (Index row = 0; row < tiles.rowTiles; ++row, ++i)                      \
      if (auto *sum = sums + (row * tiles.columnTiles + column) * 64; true)

SLUICE_SIM_MULTIVERSION void loadSumsF32(const TileCounts &tiles,
                                         const void *const *c, float *sums) {
  FOR_EACH_TILE(i, sum) {
    for (Index part = 0; part < 4; ++part) {
      F32x8 x;
      F32x8 y;
      load(x, static_cast<const char *>(c[2 * i]) + 32 * part);
      load(y, static_cast<const char *>(c[2 * i + 1]) + 32 * part);
      F32x8 first = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
      F32x8 second = __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
      store(first, sum + 16 * part);
      store(second, sum + 16 * part + 8);
    }
  }
}

SLUICE_SIM_MULTIVERSION void storeSumsF32(const TileCounts &tiles,
                                          const float *sums, void *const *d) {
  FOR_EACH_TILE(i, sum) {
    for (Index part = 0; part < 4; ++part) {
      F32x8 x;
      F32x8 y;
      load(x, sum + 16 * part);
      load(y, sum + 16 * part + 8);
      x = canonicalized(x);
      y = canonicalized(y);
      F32x8 evens = __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14);
      F32x8 odds = __builtin_shufflevector(x, y, 1, 3, 5, 7, 9, 11, 13, 15);
      store(evens, static_cast<char *>(d[2 * i]) + 32 * part);
      store(odds, static_cast<char *>(d[2 * i + 1]) + 32 * part);
    }
  }
}

// Two f16 in a lane's word are two neighbours of a row: the tile as it lies.
SLUICE_SIM_MULTIVERSION void loadSumsF16(const TileCounts &tiles,
                                         const void *const *c, float *sums) {
  FOR_EACH_TILE(i, sum) {
    uint16_t halves[64];
    std::memcpy(halves, c[i], sizeof halves);
    for (int j = 0; j < 64; ++j)
      sum[j] = WidenF16::of(halves[j]);
  }
}

SLUICE_SIM_MULTIVERSION void storeSumsF16(const TileCounts &tiles,
                                          const float *sums, void *const *d) {
  FOR_EACH_TILE(i, sum) {
    uint16_t halves[64];
    for (int j = 0; j < 64; ++j)
      halves[j] = static_cast<uint16_t>(narrowed<kF16>(sum[j]));
    std::memcpy(d[i], halves, sizeof halves);
  }
}

/// lanes += sums, eight of them.
SLUICE_SIM_INLINE void addTo(uint32_t *lanes, F32x8 sums, bool clamp) {
  U32x8 old;
  load(old, lanes);
  auto product = reinterpret_cast<U32x8>(__builtin_convertvector(sums, S32x8));
  U32x8 total = old + product;
  if (clamp) {
    // Out of range: the signs of both differ from the sum's.
    auto over = reinterpret_cast<S32x8>((old ^ total) & (product ^ total)) < 0;
    U32x8 limit = (old >> 31) + 0x7fffffff;
    total = over ? limit : total;
  }
  store(total, lanes);
}

SLUICE_SIM_MULTIVERSION void addSumsS32(const TileCounts &tiles,
                                        const float *sums, const void *const *c,
                                        bool clamp, void *const *d) {
  // c may be d in another order: all is read before anything is written.
  uint32_t lanes[2 * kMaxSideTiles][32];
  int registers = 2 * tiles.rowTiles * tiles.columnTiles;
  for (Index i = 0; i < registers; ++i)
    std::memcpy(lanes[i], c[i], sizeof lanes[i]);
  FOR_EACH_TILE(i, sum) {
    for (Index part = 0; part < 4; ++part) {
      F32x8 x;
      F32x8 y;
      load(x, sum + 16 * part);
      load(y, sum + 16 * part + 8);
      F32x8 evens = __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14);
      F32x8 odds = __builtin_shufflevector(x, y, 1, 3, 5, 7, 9, 11, 13, 15);
      addTo(lanes[2 * i] + 8 * part, evens, clamp);
      addTo(lanes[2 * i + 1] + 8 * part, odds, clamp);
    }
  }
  for (Index i = 0; i < registers; ++i)
    std::memcpy(d[i], lanes[i], sizeof lanes[i]);
}

} // namespace sluice::sim
