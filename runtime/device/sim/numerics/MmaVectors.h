#pragma once

#include "runtime/device/sim/numerics/Multiversion.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::sim {

// What the files of MmaTiles.h share: vectors of eight, a row of a tile.

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

SLUICE_SIM_INLINE F32x8 canonicalized(F32x8 x) {
  auto bits = reinterpret_cast<U32x8>(x); // see canonical
  U32x8 nan = {0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff,
               0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff};
  bits = (bits & 0x7fffffff) > 0x7f800000 ? nan : bits;
  return reinterpret_cast<F32x8>(bits);
}

/// The rows of a tile of C from the registers of its even and odd columns.
SLUICE_SIM_INLINE void loadRows(const void *even, const void *odd,
                                F32x8 *rows) {
#pragma clang loop unroll(full)
  for (Index part = 0; part < 4; ++part) {
    F32x8 x;
    F32x8 y;
    load(x, static_cast<const char *>(even) + 32 * part);
    load(y, static_cast<const char *>(odd) + 32 * part);
    rows[2 * part] = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
    rows[2 * part + 1] =
        __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
  }
}

/// The way back, of D.
SLUICE_SIM_INLINE void storeRows(const F32x8 *rows, void *even, void *odd) {
#pragma clang loop unroll(full)
  for (Index part = 0; part < 4; ++part) {
    F32x8 x = canonicalized(rows[2 * part]);
    F32x8 y = canonicalized(rows[2 * part + 1]);
    F32x8 evens = __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14);
    F32x8 odds = __builtin_shufflevector(x, y, 1, 3, 5, 7, 9, 11, 13, 15);
    store(evens, static_cast<char *>(even) + 32 * part);
    store(odds, static_cast<char *>(odd) + 32 * part);
  }
}

} // namespace sluice::sim
