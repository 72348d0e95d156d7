#include "runtime/device/sim/numerics/MmaTiles.h"

#include "runtime/device/sim/numerics/MmaVectors.h"

namespace sluice::sim {
namespace {

/// sums += A * B of one row tile and one column tile. Two row tiles at a time
/// would take more registers than AVX2 has.
template <int Depth>
SLUICE_SIM_INLINE void multiplyTile(const TileCounts &tiles, Index row,
                                    Index column, const float *a,
                                    const float *b, F32x8 (&sums)[8]) {
  for (Index depth = 0; depth < tiles.depthTiles; ++depth) {
    const float *left = a + (depth * tiles.rowTiles + row) * 8 * Depth;
    const float *right = b + (column * tiles.depthTiles + depth) * 8 * Depth;
    for (Index k = 0; k < Depth; ++k) {
      F32x8 bRow;
      load(bRow, right + 8 * k);
#pragma clang loop unroll(full)
      for (Index i = 0; i < 8; ++i) {
        float x = left[i * Depth + k];
        F32x8 broadcast = {x, x, x, x, x, x, x, x};
        sums[i] = __builtin_elementwise_fma(broadcast, bRow, sums[i]);
      }
    }
  }
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
      multiplyTile<Depth>(tiles, row, column, a, b, s);
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

template <int Depth>
SLUICE_SIM_INLINE void productOf(const TileCounts &tiles, const float *a,
                                 const float *b, const void *const *c,
                                 void *const *d) {
  // d may be c in another order: all is read before anything is written.
  alignas(64) float results[2 * kMaxSideTiles][32];
  Index i = 0; // registers go column tile by column tile
  for (Index column = 0; column < tiles.columnTiles; ++column)
    for (Index row = 0; row < tiles.rowTiles; ++row, i += 2) {
      F32x8 sums[8];
      loadRows(c[i], c[i + 1], sums);
      multiplyTile<Depth>(tiles, row, column, a, b, sums);
      storeRows(sums, results[i], results[i + 1]);
    }
  for (Index k = 0; k < i; ++k)
    std::memcpy(d[k], results[k], sizeof results[k]);
}

// The functions that multiversioning needs one by one.
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
#define PRODUCT(depth)                                                         \
  SLUICE_SIM_MULTIVERSION void product##depth(                                 \
      const TileCounts &tiles, const float *a, const float *b,                 \
      const void *const *c, void *const *d) {                                  \
    productOf<depth>(tiles, a, b, c, d);                                       \
  }
PRODUCT(4)
PRODUCT(8)
PRODUCT(16)
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

void multiplyTiles(const TileCounts &tiles, int depth, const float *a,
                   const float *b, float *sums) {
  depth == 4    ? multiply4(tiles, a, b, sums)
  : depth == 8  ? multiply8(tiles, a, b, sums)
  : depth == 16 ? multiply16(tiles, a, b, sums)
                : multiply32(tiles, a, b, sums);
}

void multiplyF32(const TileCounts &tiles, int depth, const float *a,
                 const float *b, const void *const *c, void *const *d) {
  depth == 4   ? product4(tiles, a, b, c, d)
  : depth == 8 ? product8(tiles, a, b, c, d)
               : product16(tiles, a, b, c, d);
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

} // namespace sluice::sim
