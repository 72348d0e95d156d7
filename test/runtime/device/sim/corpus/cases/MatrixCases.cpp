#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::sim::corpus {
namespace {

// Operands are multiples of 1/8 of at most 2, so every product is exact in f32,
// in whatever order it is summed.
struct Matrix {
  uint32_t rows, columns;
  std::vector<float> values; // row after row

  Matrix(Random &random, uint32_t rows, uint32_t columns)
      : rows(rows), columns(columns), values(rows * columns) {
    for (float &value : values)
      value = random.eighths();
  }
  float at(uint32_t row, uint32_t column) const {
    return values[row * columns + column];
  }
};

std::vector<uint16_t> bf16Of(const Matrix &matrix) {
  std::vector<uint16_t> codes;
  for (float value : matrix.values)
    codes.push_back(exactBf16(value));
  return codes;
}

std::vector<uint8_t> e4m3Of(const Matrix &matrix) {
  std::vector<uint8_t> codes;
  for (float value : matrix.values)
    codes.push_back(exactE4m3(value));
  return codes;
}

std::vector<double> product(const Matrix &a, const Matrix &b) {
  std::vector<double> sums;
  for (uint32_t r = 0; r < a.rows; ++r)
    for (uint32_t c = 0; c < b.columns; ++c) {
      double sum = 0;
      for (uint32_t d = 0; d < a.columns; ++d)
        sum += double{a.at(r, d)} * b.at(d, c);
      sums.push_back(sum);
    }
  return sums;
}

template <typename T>
Case gemm(const char *file, const char *kernel, uint32_t tile,
          std::vector<uint32_t> block, uint32_t m, uint32_t n, uint32_t k,
          std::vector<T> (*codesOf)(const Matrix &)) {
  Case example{.name = fmt::format("{}/{}x{}x{}", file, m, n, k), .file = file};
  Random random(m * n + k);
  Matrix a(random, m, k), b(random, k, n);
  Pointer left = filled(example, "a", codesOf(a));
  Pointer right = filled(example, "b", codesOf(b));
  Pointer output = unwritten(example, "product", m * n * 4);
  example.launches = {
      {.kernel = kernel,
       .grid = {blocksFor(n, tile), blocksFor(m, tile)},
       .block = {block[0], block[1]},
       .arguments = {left, right, output, int32_t(m), int32_t(n), int32_t(k)}}};
  example.expectations = {{output.buffer, Element::F32, product(a, b)}};
  return example;
}

Case gemmF32(uint32_t m, uint32_t n, uint32_t k) {
  return gemm<float>("gemm_f32", "gemmF32", 32, {16, 16}, m, n, k,
                     [](const Matrix &matrix) { return matrix.values; });
}

Case gemmBf16Wmma(uint32_t m, uint32_t n, uint32_t k) {
  return gemm<uint16_t>("gemm_bf16_wmma", "gemmBf16Wmma", 32, {128, 1}, m, n, k,
                        bf16Of);
}

Case gemmFp8(uint32_t m, uint32_t n, uint32_t k) {
  Case example{.name = fmt::format("gemm_fp8/{}x{}x{}", m, n, k),
               .file = "gemm_fp8",
               .targets = {"sm_90"}};
  Random random(m * n + k);
  Matrix a(random, m, k), b(random, k, n), turned = b;
  for (uint32_t r = 0; r < n; ++r)
    for (uint32_t d = 0; d < k; ++d)
      turned.values[r * k + d] = b.at(d, r);
  const float scale = 0.25f;
  std::vector<double> sums = product(a, b);
  for (double &sum : sums)
    sum *= scale;
  Pointer left = filled(example, "a", e4m3Of(a));
  Pointer right = filled(example, "b", e4m3Of(turned));
  Pointer output = unwritten(example, "product", m * n * 4);
  example.launches = {{.kernel = "gemmFp8",
                       .grid = {blocksFor(n, 64), blocksFor(m, 64)},
                       .block = {128},
                       .arguments = {left, right, output, int32_t(m),
                                     int32_t(n), int32_t(k), scale}}};
  example.expectations = {{output.buffer, Element::F32, sums}};
  return example;
}

// The value of an e4m3 code, S.EEEE.MMM with bias 7; 0x7f is NaN.
double e4m3Value(unsigned code) {
  int exponent = static_cast<int>(code >> 3 & 15);
  double magnitude = exponent == 0 ? std::ldexp(code & 7, -9)
                                   : std::ldexp(8 + (code & 7), exponent - 10);
  return code & 0x80 ? -magnitude : magnitude;
}

// By search among all codes; of two that are as near, the even one.
unsigned nearestE4m3(double x) {
  unsigned sign = std::signbit(x) ? 0x80 : 0, best = 0;
  for (unsigned code = 0; code < 0x7f; ++code) {
    double distance = std::fabs(e4m3Value(code) - std::fabs(x));
    double before = std::fabs(e4m3Value(best) - std::fabs(x));
    if (distance < before || (distance == before && code % 2 == 0))
      best = code;
  }
  return sign | best;
}

Case quantizeFp8(uint32_t rows, uint32_t columns) {
  Case example{.name = fmt::format("quantize_fp8/{}x{}", rows, columns),
               .file = "quantize_fp8",
               .targets = {"sm_90"}};
  Random random(rows);
  std::vector<float> values(rows * columns);
  std::vector<double> codes(rows * columns), scales;
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t first = 0; first < columns; first += 128) {
      uint32_t end = std::min(columns, first + 128);
      // The first block of all is zeros; the magnitudes of the others differ.
      float size = scales.empty() ? 0 : std::ldexp(1.0f, random.below(12));
      float largest = 0;
      for (uint32_t c = first; c < end; ++c) {
        float &value = values[r * columns + c];
        value = size * random.uniform() * random.uniform();
        largest = std::max(largest, std::fabs(value));
      }
      float scale = largest > 0 ? largest / 448 : 1;
      scales.push_back(scale);
      for (uint32_t c = first; c < end; ++c)
        codes[r * columns + c] = nearestE4m3(values[r * columns + c] / scale);
    }
  uint32_t items = scales.size();
  Pointer input = filled(example, "values", values);
  Pointer output = unwritten(example, "codes", codes.size());
  Pointer factors = unwritten(example, "scales", items * 4);
  example.launches = {
      {.kernel = "quantizeFp8",
       .grid = {blocksFor(items, 4)},
       .block = {128},
       .arguments = {input, output, factors, int32_t(rows), int32_t(columns)}}};
  example.expectations = {{output.buffer, Element::U8, codes},
                          {factors.buffer, Element::F32, scales}};
  return example;
}

} // namespace

Case gemmBf16Mma(uint32_t m, uint32_t n, uint32_t k) {
  return gemm<uint16_t>("gemm_bf16_mma", "gemmBf16Mma", 64, {128, 1}, m, n, k,
                        bf16Of);
}

void addMatrixCases(std::vector<Case> &cases) {
  cases.push_back(gemmF32(37, 45, 41));
  cases.push_back(gemmBf16Mma(75, 72, 160));
  cases.push_back(gemmBf16Mma(20, 24, 32)); // fewer tiles than stages
  cases.push_back(gemmBf16Mma(20, 24, 0));  // zeros
  cases.push_back(gemmBf16Wmma(37, 45, 41));
  cases.push_back(gemmBf16Wmma(20, 25, 0));
  cases.push_back(gemmFp8(75, 70, 320));
  cases.push_back(gemmFp8(20, 25, 64));
  cases.push_back(gemmFp8(20, 25, 0));
  cases.push_back(quantizeFp8(3, 324));
}

} // namespace sluice::sim::corpus
