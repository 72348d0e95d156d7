#include "runtime/device/sim/numerics/Fragments.h"

#include "runtime/device/sim/numerics/Multiversion.h"

#include <cstring>
#include <utility>

namespace sluice::sim {
namespace {

constexpr int kMatrixBytes = 128; // 8 rows of 8 b16

using Matrix = uint16_t __attribute__((ext_vector_type(64)));

/// A fixed shuffle, for which the compiler finds each vector unit's own.
template <int... I>
SLUICE_SIM_INLINE void transposeBy(const void *from, void *to,
                                   std::integer_sequence<int, I...>) {
  Matrix matrix;
  std::memcpy(&matrix, from, sizeof matrix);
  matrix = __builtin_shufflevector(matrix, matrix, (I % 8 * 8 + I / 8)...);
  std::memcpy(to, &matrix, sizeof matrix);
}

SLUICE_SIM_MULTIVERSION void transpose(const void *from, void *to) {
  transposeBy(from, to, std::make_integer_sequence<int, 64>());
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
