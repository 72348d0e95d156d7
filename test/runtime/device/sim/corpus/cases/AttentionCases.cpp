#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

#include <cmath>

namespace sluice::sim::corpus {
namespace {

constexpr uint32_t kWidth = 64;

std::vector<uint16_t> randomBf16(Random &random, uint32_t n) {
  std::vector<uint16_t> codes(n);
  for (uint16_t &code : codes)
    code = nearestBf16(2 * random.uniform());
  return codes;
}

Case flashAttention(uint32_t heads, uint32_t length) {
  Case example{.name = fmt::format("flash_attention/{}x{}", heads, length),
               .file = "flash_attention"};
  Random random(length);
  uint32_t elements = heads * length * kWidth;
  auto q = randomBf16(random, elements), k = randomBf16(random, elements),
       v = randomBf16(random, elements);
  const double scale = 0.25;
  std::vector<double> result;
  for (uint32_t row = 0; row < heads * length; ++row) {
    uint32_t query = row % length, head = row - query;
    std::vector<double> weights;
    double sum = 0;
    for (uint32_t key = head; key <= head + query; ++key) {
      double score = 0;
      for (uint32_t d = 0; d < kWidth; ++d)
        score += double{bf16Value(q[row * kWidth + d])} *
                 bf16Value(k[key * kWidth + d]);
      weights.push_back(std::exp(scale * score));
      sum += weights.back();
    }
    for (uint32_t d = 0; d < kWidth; ++d) {
      double value = 0;
      for (uint32_t key = 0; key <= query; ++key)
        value += weights[key] / sum * bf16Value(v[(head + key) * kWidth + d]);
      result.push_back(value);
    }
  }
  Pointer queries = filled(example, "queries", q);
  Pointer keys = filled(example, "keys", k);
  Pointer values = filled(example, "values", v);
  Pointer output = unwritten(example, "output", elements * 4);
  auto scaleLog2 = static_cast<float>(scale * std::log2(std::exp(1.0)));
  example.launches = {{.kernel = "flashAttention",
                       .grid = {blocksFor(length, 64), heads},
                       .block = {128},
                       .arguments = {queries, keys, values, output,
                                     int32_t(length), scaleLog2}}};
  // Weights are rounded to bf16, each by up to 2^-9 of itself, while their sum
  // is not; values are at most 2.
  example.expectations = {
      {output.buffer, Element::F32, result, 2 * 0x1p-9 + 0x1p-16, 0}};
  return example;
}

} // namespace

void addAttentionCases(std::vector<Case> &cases) {
  cases.push_back(flashAttention(2, 75));
}

} // namespace sluice::sim::corpus
