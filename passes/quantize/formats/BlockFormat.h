#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

/// How the numbers of a matrix are stored. The last two are what DeepSeek-V4
/// is released in; a number is worth element * 2^(scale - 127), and the scale
/// (E8M0, one byte) is that of the block it lies in. Blocks at the edge of a
/// matrix may be partial.
enum class BlockFormat : uint8_t {
  Plain, // as it was: F32 or BF16
  Fp8,   // E4M3, one byte each; blocks of 128 rows by 128 columns
  Mxfp4, // E2M1, two a byte, the even column in the low half; blocks of 32
         // columns of one row
};

struct BlockShape {
  int64_t rows, columns;
};

/// Of the formats with scales.
constexpr BlockShape blockShape(BlockFormat format) {
  return format == BlockFormat::Fp8 ? BlockShape{128, 128} : BlockShape{1, 32};
}

/// "none", "fp8", "mxfp4": as a command line spells them.
constexpr std::string_view formatName(BlockFormat format) {
  return format == BlockFormat::Plain ? "none"
         : format == BlockFormat::Fp8 ? "fp8"
                                      : "mxfp4";
}

constexpr std::optional<BlockFormat> formatFromName(std::string_view name) {
  for (BlockFormat format :
       {BlockFormat::Plain, BlockFormat::Fp8, BlockFormat::Mxfp4})
    if (name == formatName(format))
      return format;
  return std::nullopt;
}

/// The most that an element can be worth, before its scale.
inline constexpr float mostFp8 = 448, mostMxfp4 = 6;

} // namespace sluice
