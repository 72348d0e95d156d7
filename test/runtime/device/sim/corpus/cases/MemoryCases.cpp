#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

namespace sluice::sim::corpus {

// All sums of multiples of 1/8 here are exact in f32, so results are exact.

Case vectorAdd(uint32_t n) {
  Case example{.name = fmt::format("vector_add/{}", n), .file = "vector_add"};
  Random random(n);
  std::vector<float> a(n), b(n);
  std::vector<double> sum(n);
  for (uint32_t i = 0; i < n; ++i) {
    a[i] = random.eighths();
    b[i] = random.eighths();
    sum[i] = double{a[i]} + double{b[i]};
  }
  Pointer first = filled(example, "a", a), second = filled(example, "b", b);
  Pointer output = unwritten(example, "sum", n * 4);
  example.launches = {{.kernel = "vectorAdd",
                       .grid = {blocksFor(n, 256)},
                       .block = {256},
                       .arguments = {first, second, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::F32, sum}};
  return example;
}

namespace {

Case transpose(const char *kernel, uint32_t rows, uint32_t columns) {
  Case example{.name = fmt::format("transpose/{}/{}x{}", kernel, rows, columns),
               .file = "transpose"};
  Random random(rows * columns);
  std::vector<float> values(rows * columns);
  std::vector<double> turned(rows * columns);
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t c = 0; c < columns; ++c) {
      values[r * columns + c] = random.uniform();
      turned[c * rows + r] = values[r * columns + c];
    }
  Pointer input = filled(example, "input", values);
  Pointer output = unwritten(example, "output", values.size() * 4);
  example.launches = {
      {.kernel = kernel,
       .grid = {blocksFor(columns, 32), blocksFor(rows, 32)},
       .block = {32, 8},
       .arguments = {input, output, int32_t(rows), int32_t(columns)}}};
  example.expectations = {{output.buffer, Element::F32, turned}};
  return example;
}

Case histogram(uint32_t n, uint32_t blocks, uint32_t threads) {
  Case example{.name = fmt::format("histogram/{}", n), .file = "histogram"};
  Random random(n);
  std::vector<uint8_t> values(n);
  std::vector<double> counts(256);
  for (uint8_t &value : values) {
    // Half of all bytes are below 8, so that lanes meet in a bin.
    value = static_cast<uint8_t>(random.below(2) ? random.below(8)
                                                 : random.below(256));
    counts[value] += 1;
  }
  Pointer input = filled(example, "values", values);
  Pointer output = zeros(example, "counts", 256);
  example.launches = {{.kernel = "histogramBytes",
                       .grid = {blocks},
                       .block = {threads},
                       .arguments = {input, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::U32, counts}};
  return example;
}

// Three steps of a five point stencil, from one buffer to the other and back.
Case stencil(uint32_t rows, uint32_t columns) {
  Case example{.name = fmt::format("stencil/{}x{}", rows, columns),
               .file = "stencil"};
  Random random(rows * columns);
  std::vector<float> values(rows * columns);
  for (float &value : values)
    value = random.eighths();
  std::vector<std::vector<double>> steps{{values.begin(), values.end()}};
  for (int step = 0; step < 3; ++step) {
    const std::vector<double> before = steps.back();
    auto at = [&](int r, int c) {
      bool inside = r >= 0 && c >= 0 && r < int(rows) && c < int(columns);
      return inside ? before[r * columns + c] : 0.0;
    };
    std::vector<double> after;
    for (int r = 0; r < int(rows); ++r)
      for (int c = 0; c < int(columns); ++c)
        after.push_back(at(r, c) / 2 + at(r - 1, c) / 8 + at(r + 1, c) / 4 +
                        at(r, c - 1) / 16 + at(r, c + 1) / 32);
    steps.push_back(after);
  }
  Pointer even = filled(example, "even", values);
  Pointer odd = unwritten(example, "odd", values.size() * 4);
  for (int step = 0; step < 3; ++step)
    example.launches.push_back(
        {.kernel = "stencilStep",
         .grid = {blocksFor(columns, 16), blocksFor(rows, 16)},
         .block = {16, 16},
         .arguments = {step % 2 ? odd : even, step % 2 ? even : odd,
                       int32_t(rows), int32_t(columns)}});
  example.expectations = {{even.buffer, Element::F32, steps[2]},
                          {odd.buffer, Element::F32, steps[3]}};
  return example;
}

} // namespace

void addMemoryCases(std::vector<Case> &cases) {
  cases.push_back(vectorAdd(1000));
  cases.push_back(transpose("transposeConflicted", 67, 45));
  cases.push_back(transpose("transposePadded", 45, 67));
  cases.push_back(histogram(3001, 3, 96));
  cases.push_back(stencil(37, 29));
}

} // namespace sluice::sim::corpus
