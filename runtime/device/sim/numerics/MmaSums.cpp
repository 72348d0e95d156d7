#include "runtime/device/sim/numerics/MmaTiles.h"
#include "runtime/device/sim/numerics/MmaVectors.h"
#include "runtime/device/sim/numerics/NarrowFloat.h"

#include <bit>

namespace sluice::sim {

// Sums lie [row tile][column tile], registers [column tile][row tile].
#define FOR_EACH_TILE(i, sum)                                                  \
  for (Index column = 0, i = 0; column < tiles.columnTiles; ++column)          \
    for (Index row = 0; row < tiles.rowTiles; ++row, ++i)                      \
      if (auto *sum = sums + (row * tiles.columnTiles + column) * 64; true)

SLUICE_SIM_MULTIVERSION void loadSumsF32(const TileCounts &tiles,
                                         const void *const *c, float *sums) {
  FOR_EACH_TILE(i, sum) {
    F32x8 rows[8];
    loadRows(c[2 * i], c[2 * i + 1], rows);
    for (Index row = 0; row < 8; ++row)
      store(rows[row], sum + 8 * row);
  }
}

SLUICE_SIM_MULTIVERSION void storeSumsF32(const TileCounts &tiles,
                                          const float *sums, void *const *d) {
  FOR_EACH_TILE(i, sum) {
    F32x8 rows[8];
    for (Index row = 0; row < 8; ++row)
      load(rows[row], sum + 8 * row);
    storeRows(rows, d[2 * i], d[2 * i + 1]);
  }
}

// Two f16 in a lane's word are two neighbours of a row: the tile as it lies.
SLUICE_SIM_MULTIVERSION void loadSumsF16(const TileCounts &tiles,
                                         const void *const *c, float *sums) {
  FOR_EACH_TILE(i, sum) {
    uint16_t halves[64];
    std::memcpy(halves, c[i], sizeof halves);
    for (int j = 0; j < 64; ++j)
      sum[j] = static_cast<float>(std::bit_cast<_Float16>(halves[j]));
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
