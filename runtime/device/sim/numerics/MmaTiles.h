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

/// Widens a tile to f32: as it lies, [8][depth], or for B turned, [depth][8].
using UnpackTile = void(const void *lanes, float *tile);

UnpackTile *unpackRows(NumberType type, int bits);
UnpackTile *unpackColumns(NumberType type, int bits);

/// sums[rowTile][columnTile][8][8] += A * B. A: [depthTile][rowTile][8][depth],
/// B: [columnTile][depthTile][depth][8]; depth is 4, 8, 16 or 32.
void multiplyTiles(const TileCounts &tiles, int depth, const float *a,
                   const float *b, float *sums);
void multiplyTilesWide(const TileCounts &tiles, int depth, const float *a,
                       const float *b, double *sums);

/// A tile of C between lanes and [8][8]: two f32 registers, or one of f16x2.
/// Stored NaN are canonical.
void loadPairF32(const void *even, const void *odd, float *sums);
void storePairF32(const float *sums, void *even, void *odd);
void loadPairF16(const void *packed, float *sums);
void storePairF16(const float *sums, void *packed);
/// d = c + sums, which are integers below 2^24; clamped or wrapped.
void addPairS32(const float *sums, const void *evenC, const void *oddC,
                bool clamp, void *evenD, void *oddD);

} // namespace sluice::sim
