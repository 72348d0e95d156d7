#pragma once

#include <cstdint>

namespace sluice::sim {

/// How a result that does not fit is rounded: PTX .rn .rz .rm .rp and .rna.
enum class Rounding : uint8_t { Nearest, Zero, Down, Up, NearestAway };

/// A binary floating-point format of 1 sign bit, `exponentBits` and
/// `mantissaBits`, with subnormals. Bits are right-aligned in an integer.
///
///     bit  w-1     w-2 .. m      m-1 .. 0        m = mantissaBits
///         sign | exponent + bias | fraction      w = 1 + exponentBits + m
struct FloatFormat {
  int exponentBits;
  int mantissaBits;
  bool hasInfinity;   // exponent all ones, fraction 0
  uint64_t nan;       // the canonical NaN; 0 if the format has none
  uint64_t maxFinite; // bits of the largest positive number (PTX: MAX_NORM)

  constexpr int bias() const { return (1 << (exponentBits - 1)) - 1; }
  constexpr int bits() const { return 1 + exponentBits + mantissaBits; }
  constexpr uint64_t signBit() const { return uint64_t{1} << (bits() - 1); }
  constexpr uint64_t infinity() const {
    return ((uint64_t{1} << exponentBits) - 1) << mantissaBits;
  }
  /// log2 of the smallest normal number.
  constexpr int minExponent() const { return 1 - bias(); }
};

// PTX ISA 5.2.3 for the narrow formats. e4m3 has no infinity and one NaN per
// sign (all ones); e2m1, e2m3 and e3m2 have neither. tf32 is held in the upper
// 19 bits of a register; here it is right-aligned like all others.
inline constexpr FloatFormat kF64{11, 52, true, 0x7ff8000000000000,
                                  0x7fefffffffffffff};
inline constexpr FloatFormat kF32{8, 23, true, 0x7fffffff, 0x7f7fffff};
inline constexpr FloatFormat kTf32{8, 10, true, 0x3ffff, 0x3fbff};
inline constexpr FloatFormat kF16{5, 10, true, 0x7fff, 0x7bff};
inline constexpr FloatFormat kBf16{8, 7, true, 0x7fff, 0x7f7f};
inline constexpr FloatFormat kE4m3{4, 3, false, 0x7f, 0x7e};
inline constexpr FloatFormat kE5m2{5, 2, true, 0x7f, 0x7b};
inline constexpr FloatFormat kE2m1{2, 1, false, 0, 0x7};
inline constexpr FloatFormat kE2m3{2, 3, false, 0, 0x1f};
inline constexpr FloatFormat kE3m2{3, 2, false, 0, 0x1f};

} // namespace sluice::sim
