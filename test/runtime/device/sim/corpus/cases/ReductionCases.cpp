#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::sim::corpus {

Case blockReduce(uint32_t n, uint32_t blocks, uint32_t threads) {
  Case example{.name = fmt::format("block_reduce/{}", n),
               .file = "block_reduce"};
  Random random(n);
  std::vector<float> values(n);
  double total = 0; // exact in f32, see Random::eighths
  for (float &value : values) {
    value = random.eighths();
    total += value;
  }
  Pointer input = filled(example, "values", values);
  Pointer output = zeros(example, "total", 1);
  example.launches = {{.kernel = "blockReduceSum",
                       .grid = {blocks},
                       .block = {threads},
                       .arguments = {input, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::F32, {total}}};
  return example;
}

static Case gridSum(uint32_t n, uint32_t blocks, uint32_t threads) {
  Case example{.name = fmt::format("grid_sum/{}", n), .file = "grid_sum"};
  Random random(n);
  std::vector<float> values(n);
  double total = 0; // exact
  for (float &value : values) {
    value = random.eighths();
    total += value;
  }
  Pointer input = filled(example, "values", values);
  Pointer sums = unwritten(example, "sums", blocks * 4);
  Pointer done = zeros(example, "done", 1);
  Pointer output = unwritten(example, "total", 4);
  example.launches = {{.kernel = "gridSum",
                       .grid = {blocks},
                       .block = {threads},
                       .arguments = {input, sums, done, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::F32, {total}}};
  return example;
}

Case softmax(uint32_t rows, uint32_t columns, uint32_t threads) {
  Case example{.name = fmt::format("softmax/{}x{}", rows, columns),
               .file = "softmax"};
  Random random(columns);
  std::vector<float> values(rows * columns);
  std::vector<double> shares;
  for (uint32_t r = 0; r < rows; ++r) {
    float *row = &values[r * columns];
    double sum = 0;
    for (uint32_t c = 0; c < columns; ++c) {
      // Rows far from 0: exponentials overflow unless the largest is taken off.
      row[c] = 4 * random.uniform() + 200.0f * (r % 2 ? -1 : 1);
      sum += std::exp(double{row[c]} - row[0]);
    }
    for (uint32_t c = 0; c < columns; ++c)
      shares.push_back(std::exp(double{row[c]} - row[0]) / sum);
  }
  Pointer input = filled(example, "input", values);
  Pointer output = unwritten(example, "output", values.size() * 4);
  example.launches = {{.kernel = "softmaxRows",
                       .grid = {rows},
                       .block = {threads},
                       .dynamicShared = columns * 4,
                       .arguments = {input, output, int32_t(columns)}}};
  // ex2.approx and the f32 sum: a few 2^-22 each.
  example.expectations = {{output.buffer, Element::F32, shares, 0, 0x1p-18}};
  return example;
}

namespace {

Case scan(uint32_t n, uint32_t threads) {
  Case example{.name = fmt::format("scan/{}", n), .file = "scan"};
  Random random(n);
  std::vector<uint32_t> values(n);
  std::vector<double> sums;
  uint32_t sum = 0; // wraps around, as the kernel's does
  for (uint32_t &value : values) {
    value = static_cast<uint32_t>(random.bits());
    sums.push_back(sum += value);
  }
  uint32_t tiles = blocksFor(n, threads);
  Pointer input = filled(example, "values", values);
  Pointer output = unwritten(example, "sums", n * 4);
  Pointer ticket = zeros(example, "ticket", 1);
  Pointer ready = zeros(example, "ready", tiles);
  Pointer running = unwritten(example, "running", tiles * 4);
  example.launches = {
      {.kernel = "scanInclusive",
       .grid = {tiles},
       .block = {threads},
       .arguments = {input, output, ticket, ready, running, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::U32, sums}};
  return example;
}

Case layerNorm(uint32_t rows, uint32_t columns, uint32_t threads) {
  Case example{.name = fmt::format("layer_norm/{}x{}", rows, columns),
               .file = "layer_norm"};
  Random random(columns);
  std::vector<float> values(rows * columns), gain(columns), bias(columns);
  for (float &value : values)
    value = 3 + 2 * random.uniform();
  for (uint32_t c = 0; c < columns; ++c) {
    gain[c] = 1 + random.uniform() / 2;
    bias[c] = random.uniform();
  }
  const float epsilon = 0x1p-10f;
  std::vector<double> normal;
  for (uint32_t r = 0; r < rows; ++r) {
    const float *row = &values[r * columns];
    double mean = 0, variance = 0;
    for (uint32_t c = 0; c < columns; ++c)
      mean += row[c] / double(columns);
    for (uint32_t c = 0; c < columns; ++c)
      variance += (row[c] - mean) * (row[c] - mean) / columns;
    for (uint32_t c = 0; c < columns; ++c)
      normal.push_back(
          (row[c] - mean) / std::sqrt(variance + epsilon) * gain[c] + bias[c]);
  }
  Pointer input = filled(example, "input", values);
  Pointer scale = filled(example, "gain", gain);
  Pointer shift = filled(example, "bias", bias);
  Pointer output = unwritten(example, "output", values.size() * 4);
  example.launches = {
      {.kernel = "layerNormRows",
       .grid = {rows},
       .block = {threads},
       .arguments = {input, scale, shift, output, int32_t(columns), epsilon}}};
  // Inputs up to 5 carry the mean's rounding, some 2^-21, times 1.5 / 1.15.
  example.expectations = {
      {output.buffer, Element::F32, normal, 0x1p-18, 0x1p-18}};
  return example;
}

} // namespace

// Sums of products of multiples of 1/8: exact in f32 in any order.
Case gemvBf16(uint32_t rows, uint32_t columns) {
  Case example{.name = fmt::format("gemv_bf16/{}x{}", rows, columns),
               .file = "gemv_bf16"};
  Random random(rows);
  std::vector<uint16_t> matrix, vector;
  std::vector<double> products(rows);
  for (uint32_t c = 0; c < columns; ++c)
    vector.push_back(exactBf16(random.eighths()));
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t c = 0; c < columns; ++c) {
      float weight = random.eighths();
      matrix.push_back(exactBf16(weight));
      products[r] += double{weight} * bf16Value(vector[c]);
    }
  Pointer weights = filled(example, "matrix", matrix);
  Pointer input = filled(example, "vector", vector);
  Pointer output = unwritten(example, "product", rows * 4);
  example.launches = {
      {.kernel = "gemvBf16",
       .grid = {blocksFor(rows, 4)},
       .block = {128},
       .arguments = {weights, input, output, int32_t(rows), int32_t(columns)}}};
  example.expectations = {{output.buffer, Element::F32, products}};
  return example;
}

void addReductionCases(std::vector<Case> &cases) {
  cases.push_back(blockReduce(5001, 3, 192));
  cases.push_back(gridSum(2500, 6, 96));
  cases.push_back(gridSum(1501, 40, 32)); // more blocks than threads
  cases.push_back(scan(1500, 256));
  cases.push_back(softmax(3, 1000, 128));
  cases.push_back(softmax(2, 70, 96));
  cases.push_back(layerNorm(3, 300, 128));
  cases.push_back(gemvBf16(37, 520));
}

} // namespace sluice::sim::corpus
