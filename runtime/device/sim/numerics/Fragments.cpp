#include "runtime/device/sim/numerics/Fragments.h"

#include <cstring>

namespace sluice::sim {
namespace {

constexpr int kMatrixBytes = 128; // 8 rows of 8 b16

void transpose(const void *from, void *to) {
  uint16_t source[64];
  uint16_t turned[64];
  std::memcpy(source, from, kMatrixBytes);
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column)
      turned[8 * column + row] = source[8 * row + column];
  std::memcpy(to, turned, kMatrixBytes);
}

} // namespace

// Row g's bytes 4q .. 4q + 3 for lane 4g + q: the lanes in order are the rows
// in order.
void distributeMatrix(const void *rows, bool transposed, uint32_t *lanes) {
  if (transposed)
    transpose(rows, lanes);
  else
    std::memcpy(lanes, rows, kMatrixBytes);
}

void collectMatrix(const uint32_t *lanes, bool transposed, void *rows) {
  if (transposed)
    transpose(lanes, rows);
  else
    std::memcpy(rows, lanes, kMatrixBytes);
}

} // namespace sluice::sim
