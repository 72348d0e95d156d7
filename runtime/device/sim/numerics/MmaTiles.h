#pragma once

#include "runtime/device/sim/numerics/Convert.h"

namespace sluice::sim {

// The hot loops of matrix products. Matrices are cut into tiles of 8 rows or
// columns x 16 bytes of k: one register of 32 lanes each (Fragments.h). Each
// loop exists for x86-64, -v3 and -v4 and is chosen when the program starts;
// all give the same bits.

/// Tiles of A are rowTiles x depthTiles, of B depthTiles x columnTiles, of C
/// and D rowTiles x columnTiles. Register r of A is tile (r % rowTiles,
/// r / rowTiles); of B tile (r % depthTiles, r / depthTiles).
struct TileCounts {
  int rowTiles;    // at most 4
  int columnTiles; // at most 4
  int depthTiles;  // at most 2
};
inline constexpr int kMaxSideTiles = 4;
inline constexpr int kMaxDepthTiles = 2;
inline constexpr int kMaxTileDepth = 32; // elements of k: 16 bytes of 4 bits

/// Widens `count` registers to tiles of f32, one after another: as they lie,
/// [8][depth], or for B turned, [depth][8].
using UnpackTiles = void(const void *const *registers, int count, float *tiles);

/// Null for a type that no product has. `bits` tells s4 from s8.
UnpackTiles *unpackRows(NumberType type, int bits);
UnpackTiles *unpackColumns(NumberType type, int bits);

/// sums[rowTile][columnTile][8][8] += A * B. A: [depthTile][rowTile][8][depth],
/// B: [columnTile][depthTile][depth][8]; depth is 4, 8, 16 or 32.
void multiplyTiles(const TileCounts &tiles, int depth, const float *a,
                   const float *b, float *sums);
/// D = A * B + C of f32 registers, as loadSumsF32, multiplyTiles and
/// storeSumsF32 would; d may be c's registers in any order. Depth 4, 8 or 16.
void multiplyF32(const TileCounts &tiles, int depth, const float *a,
                 const float *b, const void *const *c, void *const *d);
void multiplyTilesWide(const TileCounts &tiles, int depth, const float *a,
                       const float *b, double *sums);

/// sums[rows][8] = a[rows][depth] * b[depth][8] + sums, fused, over rising k.
void multiplyF64(int rows, int depth, const double *a, const double *b,
                 double *sums);

/// C and D between registers and sums. Registers go column tile by column tile
/// and in it by row tiles: two f32 for the even and odd columns, or one f16x2.
/// Stored NaN are canonical.
void loadSumsF32(const TileCounts &tiles, const void *const *c, float *sums);
void storeSumsF32(const TileCounts &tiles, const float *sums, void *const *d);
void loadSumsF16(const TileCounts &tiles, const void *const *c, float *sums);
void storeSumsF16(const TileCounts &tiles, const float *sums, void *const *d);
/// d = c + sums, which are integers below 2^24; clamped or wrapped.
void addSumsS32(const TileCounts &tiles, const float *sums,
                const void *const *c, bool clamp, void *const *d);

} // namespace sluice::sim
