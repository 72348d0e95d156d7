#pragma once

#include "passes/quantize/formats/BlockFormat.h"
#include "passes/quantize/formats/Rows.h"
#include "test/reference/Codecs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

// What the encoders must find, by looking at every code, in double precision.
namespace sluice::test {

/// The nearest of the codes 0..most and its sign bit; of two, the even one.
inline uint8_t nearest(double value, int most, int signBit,
                       double (*decode)(uint8_t)) {
  // Clamped first: from far away all codes seem equally near.
  double magnitude = std::min(std::fabs(value), decode(uint8_t(most)));
  double least = INFINITY;
  int best = 0;
  for (int code = 0; code <= most; ++code) {
    double distance = std::fabs(decode(uint8_t(code)) - magnitude);
    if (distance < least || (distance == least && code % 2 == 0)) {
      least = distance;
      best = code;
    }
  }
  return uint8_t(best | (std::signbit(value) ? signBit : 0));
}

inline uint8_t nearestE4M3(double value) {
  return nearest(value, 0x7e, 0x80, reference::decodeE4M3);
}
inline uint8_t nearestE2M1(double value) {
  return nearest(value, 7, 8, reference::decodeE2M1);
}

/// The least e with largest <= most * 2^e, as the rule of the formats has it
/// except where f32(1 / most) rounds the product onto a power of two.
inline int leastExponent(double largest, double most) {
  int e = -126;
  while (largest > most * std::ldexp(1.0, e))
    ++e;
  return e;
}

/// Random numbers in a checkpoint's bytes, and what they are worth.
struct Matrix {
  Matrix(DType dtype, int64_t rows, int64_t columns, unsigned seed,
         double spread = 1)
      : dtype(dtype), rows(rows), columns(columns) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, spread);
    for (int64_t i = 0; i < rows * columns; ++i)
      push(float(normal(random)));
  }

  void push(float value) {
    auto bits = std::bit_cast<uint32_t>(value);
    if (dtype == DType::BF16)
      bits &= 0xffff0000;
    values.push_back(std::bit_cast<float>(bits));
    const char *from = reinterpret_cast<const char *>(&bits);
    if (dtype == DType::F32)
      bytes.insert(bytes.end(), from, from + 4);
    else
      bytes.insert(bytes.end(), from + 2, from + 4);
  }
  void set(int64_t i, float value) {
    Matrix one(dtype, 0, 0, 0);
    one.push(value);
    values[size_t(i)] = one.values[0];
    std::memcpy(bytes.data() + size_t(i) * one.bytes.size(), one.bytes.data(),
                one.bytes.size());
  }
  Rows view() const {
    return {reinterpret_cast<const std::byte *>(bytes.data()), dtype, rows,
            columns};
  }

  DType dtype;
  int64_t rows, columns;
  std::vector<float> values;
  std::vector<char> bytes;
};

/// The sum of squared errors of a group with the scale 2^exponent.
inline double lossOf(const float *x, int64_t size, int exponent,
                     const float *importance = nullptr) {
  double scale = std::ldexp(1.0, exponent), total = 0;
  for (int64_t i = 0; i < size; ++i) {
    double error =
        x[i] - scale * reference::decodeE2M1(nearestE2M1(x[i] / scale));
    total += error * error * (importance ? double(importance[i]) : 1);
  }
  return total;
}

} // namespace sluice::test
