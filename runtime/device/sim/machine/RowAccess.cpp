#include "runtime/device/sim/machine/RowAccess.h"

#include "runtime/device/sim/machine/Alu.h"

#include <cstring>
#include <utility>

namespace sluice::sim {
namespace {

// Fixed shuffles of whole rows: the compiler finds the permutations of each
// vector unit, which no strided loop gets from it.
template <typename T, int Count>
using Row = T __attribute__((ext_vector_type(Count * kWarpLanes)));

template <typename T, int Count>
SLUICE_SIM_INLINE Row<T, Count> rowAt(const void *from) {
  Row<T, Count> row;
  std::memcpy(&row, from, sizeof row);
  return row;
}

template <typename T, int Count, int K, int... Lane>
SLUICE_SIM_INLINE void takeElement(T *to, const Row<T, Count> &row,
                                   std::integer_sequence<int, Lane...>) {
  Row<T, 1> element = __builtin_shufflevector(row, row, (Lane * Count + K)...);
  std::memcpy(to, &element, sizeof element);
}

template <typename T, int Count, int... K>
SLUICE_SIM_INLINE void split(T *const *registers, const std::byte *from,
                             std::integer_sequence<int, K...>) {
  auto row = rowAt<T, Count>(from);
  (takeElement<T, Count, K>(registers[K], row,
                            std::make_integer_sequence<int, kWarpLanes>()),
   ...);
}

// Two registers side by side, element after element.
template <typename T, int Count, int... I>
SLUICE_SIM_INLINE Row<T, Count * 2> zip(const Row<T, Count> &even,
                                        const Row<T, Count> &odd,
                                        std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(
      even, odd, (I / 2 + (I % 2 != 0 ? Count * kWarpLanes : 0))...);
}

template <typename T, int Count>
SLUICE_SIM_INLINE Row<T, Count * 2> zipped(const Row<T, Count> &even,
                                           const Row<T, Count> &odd) {
  return zip<T, Count>(
      even, odd, std::make_integer_sequence<int, Count * 2 * kWarpLanes>());
}

template <typename T, int Count>
SLUICE_SIM_INLINE void join(const T *const *registers, std::byte *to) {
  auto at = [&](int k) { return rowAt<T, 1>(registers[k]); };
  Row<T, Count> row;
  if constexpr (Count == 2)
    row = zipped<T, 1>(at(0), at(1));
  else
    row = zipped<T, 2>(zipped<T, 1>(at(0), at(2)), zipped<T, 1>(at(1), at(3)));
  std::memcpy(to, &row, sizeof row);
}

#define ROWS(T)                                                                \
  SLUICE_SIM_MULTIVERSION void split##T##1(T##_t *const *r,                    \
                                           const std::byte *m) {               \
    split<T##_t, 1>(r, m, std::make_integer_sequence<int, 1>());               \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void split##T##2(T##_t *const *r,                    \
                                           const std::byte *m) {               \
    split<T##_t, 2>(r, m, std::make_integer_sequence<int, 2>());               \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void split##T##4(T##_t *const *r,                    \
                                           const std::byte *m) {               \
    split<T##_t, 4>(r, m, std::make_integer_sequence<int, 4>());               \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void join##T##2(const T##_t *const *r,               \
                                          std::byte *m) {                      \
    join<T##_t, 2>(r, m);                                                      \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void join##T##4(const T##_t *const *r,               \
                                          std::byte *m) {                      \
    join<T##_t, 4>(r, m);                                                      \
  }
ROWS(uint16)
ROWS(uint32)
ROWS(uint64)

// Any other number of elements.
template <typename T>
void splitAny(T *const *registers, const std::byte *from, int count) {
  for (int lane = 0; lane < kWarpLanes; ++lane)
    for (int k = 0; k < count; ++k, from += sizeof(T))
      std::memcpy(registers[k] + lane, from, sizeof(T));
}
template <typename T>
void joinAny(const T *const *registers, std::byte *to, int count) {
  for (int lane = 0; lane < kWarpLanes; ++lane)
    for (int k = 0; k < count; ++k, to += sizeof(T))
      std::memcpy(to, registers[k] + lane, sizeof(T));
}

} // namespace

#define ACCESS(T)                                                              \
  void readRow(T##_t *const *registers, const std::byte *from, int count) {    \
    if (count == 1)                                                            \
      split##T##1(registers, from);                                            \
    else if (count == 2)                                                       \
      split##T##2(registers, from);                                            \
    else if (count == 4)                                                       \
      split##T##4(registers, from);                                            \
    else                                                                       \
      splitAny(registers, from, count);                                        \
  }                                                                            \
  void writeRow(const T##_t *const *registers, std::byte *to, int count) {     \
    if (count == 1)                                                            \
      std::memcpy(to, *registers, kWarpLanes * sizeof(T##_t));                 \
    else if (count == 2)                                                       \
      join##T##2(registers, to);                                               \
    else if (count == 4)                                                       \
      join##T##4(registers, to);                                               \
    else                                                                       \
      joinAny(registers, to, count);                                           \
  }
ACCESS(uint16)
ACCESS(uint32)
ACCESS(uint64)

} // namespace sluice::sim
