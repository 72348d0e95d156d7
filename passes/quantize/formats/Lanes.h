#pragma once

#include <cstdint>
#include <cstring>

// Sixteen numbers at a time, and how they are read from a checkpoint. Only for
// the encoders of this folder: all of it is inlined into functions that are
// compiled for several instruction sets.

/// On a definition of a plain function: compiled for x86-64, -v3 (AVX2) and -v4
/// (AVX-512), chosen at program start. No operation here depends on which.
#if defined(__x86_64__) && defined(__linux__)
#define SLUICE_FOR_EACH_ISA                                                    \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SLUICE_FOR_EACH_ISA
#endif
#define SLUICE_INLINE [[gnu::always_inline]] inline

namespace sluice::lanes {

inline constexpr int64_t count = 16;
using U32 = uint32_t __attribute__((ext_vector_type(16)));
using I32 = int32_t __attribute__((ext_vector_type(16)));
using F32 = float __attribute__((ext_vector_type(16)));
using U16 = uint16_t __attribute__((ext_vector_type(16)));
using U8 = uint8_t __attribute__((ext_vector_type(16)));

inline constexpr uint32_t signBit = 0x80000000, infinity = 0x7f800000;

/// The f32 bits of x[0..15]: of f32 as they are, of bf16 in the high half.
SLUICE_INLINE void load(const uint32_t *x, U32 &bits) {
  std::memcpy(&bits, x, sizeof bits);
}
SLUICE_INLINE void load(const uint16_t *x, U32 &bits) {
  U16 half;
  std::memcpy(&half, x, sizeof half);
  bits = __builtin_convertvector(half, U32) << 16;
}

/// The first `valid` of them, zeros behind.
template <typename Stored>
SLUICE_INLINE void load(const Stored *x, int64_t valid, U32 &bits) {
  if (valid >= count)
    return load(x, bits);
  Stored padded[count] = {};
  std::memcpy(padded, x, size_t(valid) * sizeof(Stored));
  load(padded, bits);
}

/// mask ? a : b, lane by lane; a lane of `mask` is all ones or zero.
SLUICE_INLINE void select(const I32 &mask, const U32 &a, const U32 &b,
                          U32 &result) {
  U32 m = __builtin_convertvector(mask, U32);
  result = (a & m) | (b & ~m);
}

SLUICE_INLINE F32 asFloat(const U32 &bits) {
  F32 value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
SLUICE_INLINE U32 asBits(const F32 &value) {
  U32 bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Sum of the lanes in one order: halves onto halves.
SLUICE_INLINE float sum(const F32 &value) {
  auto eight =
      __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7) +
      __builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15);
  auto four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
              __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  auto two = __builtin_shufflevector(four, four, 0, 1) +
             __builtin_shufflevector(four, four, 2, 3);
  return two[0] + two[1];
}

} // namespace sluice::lanes
