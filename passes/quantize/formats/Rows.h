#pragma once

#include "runtime/weights/DType.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {

/// Whole rows of a matrix as a checkpoint stores them: `rows` times `columns`
/// numbers without gaps, aligned as their type is.
struct Rows {
  const std::byte *data = nullptr;
  DType dtype = DType::F32; // of what is encoded F32 or BF16
  int64_t rows = 0, columns = 0;

  uint64_t rowBytes() const { return uint64_t(columns) * dtypeBytes(dtype); }
};

/// What an encoding costs: the sums of x^2 and of (x - decoded x)^2.
struct Distortion {
  double signal = 0, noise = 0;

  Distortion &operator+=(const Distortion &other) {
    signal += other.signal;
    noise += other.noise;
    return *this;
  }
  /// Of signal to noise, in decibels; nothing where there is no noise.
  std::optional<double> decibels() const;
};

/// The first number that is an infinity or no number, counted from 0.
std::optional<int64_t> firstNotFinite(const Rows &rows);

} // namespace sluice
