#pragma once

#include "test/reference/Rope.h"

namespace sluice::reference {

/// Pools every `rate` tokens of a sequence into one entry of `width` channels.
struct Compressor {
  std::int64_t rate = 0;  // m
  std::int64_t width = 0; // D
  /// With overlap, c, z and bias are 2 D wide, and an entry also sees the
  /// window before its own: from there the first D channels, from its own
  /// window the last D.
  bool overlap = false;
  View bias; // [m, D or 2 D], added to z by position within the window
  View norm; // [D]
  double epsilon = 1e-6;

  std::int64_t rowWidth() const { return overlap ? 2 * width : width; }
};

/// Entries first .. rows / rate - 1 of a sequence. c and z are
/// [rows, D or 2 D], projected from tokens 0 .. rows - 1, z without bias.
/// Entry w is rotated at position w * rate. -> [entries, D]
Values compress(View c, View z, std::int64_t rows, std::int64_t first,
                const Compressor &compressor, const Rope &rope);

} // namespace sluice::reference
