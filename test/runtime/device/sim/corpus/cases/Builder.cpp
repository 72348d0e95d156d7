#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <bit>
#include <cmath>

namespace sluice::sim::corpus {

uint16_t exactBf16(float x) {
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16);
}

uint16_t nearestBf16(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float bf16Value(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint8_t exactE4m3(float x) {
  if (x == 0)
    return 0;
  int exponent;
  float fraction = std::frexp(std::fabs(x), &exponent); // in [0.5, 1)
  auto mantissa = static_cast<unsigned>((fraction * 2 - 1) * 8);
  unsigned sign = x < 0 ? 0x80 : 0;
  return static_cast<uint8_t>(sign | (exponent - 1 + 7) << 3 | mantissa);
}

std::vector<Case> corpusCases() {
  std::vector<Case> cases;
  addMemoryCases(cases);
  addReductionCases(cases);
  addSortCases(cases);
  addMatrixCases(cases);
  addAttentionCases(cases);
  addControlCases(cases);
  return cases;
}

std::vector<Case> benchCases() {
  return {vectorAdd(1 << 20), blockReduce(1 << 20, 64, 256),
          softmax(64, 1000, 256), gemvBf16(2048, 4096),
          gemmBf16Mma(256, 256, 256)};
}

} // namespace sluice::sim::corpus
