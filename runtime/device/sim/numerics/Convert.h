#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"

namespace sluice::sim {

/// The element types of cvt, PTX 9.7.9.21.
enum class NumberType : uint8_t {
  U8,
  S8,
  U16,
  S16,
  U32,
  S32,
  U64,
  S64,
  F16,
  Bf16,
  F32,
  F64,
  Tf32,
  E4m3,
  E5m2,
  E2m1,
  E2m3,
  E3m2,
  Ue8m0,
};

constexpr bool isInteger(NumberType type) { return type <= NumberType::S64; }
constexpr bool isSigned(NumberType type) {
  return isInteger(type) && (static_cast<int>(type) & 1) != 0;
}

/// Bits that an element takes in a register. Packed e2m3 and e3m2 elements have
/// 8 each, the upper two zero; e2m1 has 4.
int elementBits(NumberType type);

/// One cvt, or both halves of a packed one.
struct Conversion {
  NumberType to;
  NumberType from;
  /// .rn .rz .rm .rp .rna; for float to integer and for `integral` .rni .rzi
  /// .rmi .rpi. Not looked at where the result is exact.
  Rounding rounding = Rounding::Nearest;
  bool integral = false;  // float to the same float, rounded to an integer
  bool ftz = false;       // f32 subnormals on either side become zeros
  bool sat = false;       // integers: clamp; floats: [0, 1], NaN and -0 to +0
  bool satfinite = false; // NaN stays (or +MAX_NORM), beyond becomes MAX_NORM
  bool relu = false;      // negative and -0 become +0, NaN canonical
};

/// The bits of one element, right-aligned (tf32: in an f32's place), converted.
/// Bits of `from` above the element's width are ignored; the result has none.
uint64_t convert(const Conversion &conversion, uint64_t from);

/// A conversion to a packed type: `high` and `low` are two f32, and the result
/// packs their conversions, low in the lower bits (PTX: d, high, low).
uint64_t convertPair(const Conversion &conversion, uint64_t high, uint64_t low);

/// A conversion between packed types, half by half.
uint64_t convertPacked(const Conversion &conversion, uint64_t from);

} // namespace sluice::sim
