#pragma once

#include <cstdint>

// What each byte of a checkpoint is worth. Written from the format
// definitions, code by code, and shared with nothing.
namespace sluice::reference {

/// FP8 E4M3, finite-only variant: no infinities, S.1111.111 is NaN, largest
/// 448, smallest subnormal 2^-9.
double decodeE4M3(std::uint8_t code);

/// An exponent byte: 2^(code - 127), and 255 is NaN.
double decodeE8M0(std::uint8_t code);

/// FP4 E2M1 in the low four bits: sign, then 0 .5 1 1.5 2 3 4 6.
double decodeE2M1(std::uint8_t code);

/// The high half of an f32.
double decodeBf16(std::uint16_t code);

double decodeF32(std::uint32_t code);

} // namespace sluice::reference
