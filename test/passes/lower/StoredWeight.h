#pragma once

#include "test/passes/lower/KernelHarness.h"
#include "test/reference/Codecs.h"

namespace sluice::test {

enum class Format { F32, BF16, FP8, FP4 };

/// A random matrix as a checkpoint stores it, its MLIR type, and its values.
struct StoredWeight {
  std::string type;
  std::vector<std::uint8_t> elements, scales; // no scales: a plain tensor
  std::vector<double> values;                 // [rows, columns]

  /// Argument words of a weight of two dimensions.
  std::vector<std::uint64_t> words() const {
    std::vector<std::uint64_t> result{word(elements)};
    if (!scales.empty())
      result.push_back(word(scales));
    return result;
  }
};

/// `batch` > 0: a weight of three dimensions, `rows` then counts all its rows.
inline StoredWeight storedWeight(Random &random, Format format,
                                 std::int64_t rows, std::int64_t columns,
                                 std::int64_t batch = 0) {
  StoredWeight w;
  std::string shape = std::to_string(batch ? rows / batch : rows) + "x" +
                      std::to_string(columns) + "x";
  if (batch)
    shape = std::to_string(batch) + "x" + shape;
  w.values.resize(rows * columns);
  if (format == Format::F32 || format == Format::BF16) {
    w.type = "tensor<" + shape + (format == Format::F32 ? "f32>" : "bf16>");
    std::vector<float> values = random.floats(rows * columns);
    std::size_t width = format == Format::F32 ? 4 : 2;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint32_t bits;
      memcpy(&bits, &values[i], 4);
      if (width == 2)
        bits &= 0xffff0000u;
      float kept;
      memcpy(&kept, &bits, 4);
      w.values[i] = kept;
      auto *raw = reinterpret_cast<const std::uint8_t *>(&bits);
      w.elements.insert(w.elements.end(), raw + (4 - width), raw + 4);
    }
    return w;
  }
  std::int64_t blockRows = format == Format::FP8 ? 128 : 1;
  std::int64_t blockColumns = format == Format::FP8 ? 128 : 32;
  w.type = "!scaled.tensor<" + shape +
           (format == Format::FP8 ? "f8E4M3FN, 128x128x" : "f4E2M1FN, 1x32x") +
           "f8E8M0FNU>";
  std::int64_t own = batch ? rows / batch : rows; // blocks start at each matrix
  std::int64_t scaleRows = (own + blockRows - 1) / blockRows;
  std::int64_t scaleColumns = (columns + blockColumns - 1) / blockColumns;
  w.elements =
      random.bytes(format == Format::FP8 ? rows * columns : rows * columns / 2);
  for (std::uint8_t &code : w.elements)
    if (format == Format::FP8 && (code & 0x7f) == 0x7f)
      code = 0x40; // no NaN: it would hide everything else
  std::int64_t matrices = batch ? batch : 1;
  w.scales = random.bytes(matrices * scaleRows * scaleColumns);
  for (std::uint8_t &scale : w.scales)
    scale = 118 + scale % 6;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      std::int64_t at = r * columns + c;
      double element =
          format == Format::FP8
              ? reference::decodeE4M3(w.elements[at])
              : reference::decodeE2M1(w.elements[at / 2] >> (at % 2 * 4) & 15);
      std::int64_t scaleRow = r / own * scaleRows + r % own / blockRows;
      w.values[at] =
          element * reference::decodeE8M0(
                        w.scales[scaleRow * scaleColumns + c / blockColumns]);
    }
  return w;
}

} // namespace sluice::test
