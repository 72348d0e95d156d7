#pragma once

#include "test/runtime/device/sim/corpus/cases/Case.h"

#include <cstring>

namespace sluice::sim::corpus {

/// Random numbers that are the same everywhere (SplitMix64).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t bits() {
    state += 0x9e3779b97f4a7c15ull;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// From 0 to `end` - 1.
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(bits() % end); }
  /// A multiple of 1/8 from -2 to 2. It is exact in f32, bf16 and e4m3, and
  /// sums of up to 2^16 products of two are exact in f32 in any order.
  float eighths() { return (static_cast<int>(below(33)) - 16) / 8.0f; }
  /// From -1 to 1, a multiple of 2^-23.
  float uniform() {
    return (static_cast<int>(below(1 << 24)) - (1 << 23)) * 0x1p-23f;
  }

private:
  uint64_t state;
};

/// The bits of a bf16 that has the value of `x`, which must have one.
uint16_t exactBf16(float x);
/// The nearest bf16, ties to even, of a finite `x`.
uint16_t nearestBf16(float x);
float bf16Value(uint16_t bits);
/// The code of the e4m3 that has the value of `x`, which must have one and not
/// be subnormal.
uint8_t exactE4m3(float x);

/// Adds to `example.buffers` and returns what names the new buffer in
/// arguments.
template <typename T>
Pointer filled(Case &example, std::string name, const std::vector<T> &values) {
  Buffer buffer{std::move(name), values.size() * sizeof(T), {}};
  buffer.contents.resize(buffer.bytes);
  if (!values.empty())
    std::memcpy(buffer.contents.data(), values.data(), buffer.bytes);
  example.buffers.push_back(std::move(buffer));
  return {example.buffers.size() - 1};
}
inline Pointer unwritten(Case &example, std::string name, uint64_t bytes) {
  example.buffers.push_back({std::move(name), bytes, {}});
  return {example.buffers.size() - 1};
}
inline Pointer zeros(Case &example, std::string name, uint64_t words) {
  return filled(example, std::move(name), std::vector<uint32_t>(words));
}

inline uint32_t blocksFor(uint32_t elements, uint32_t perBlock) {
  return (elements + perBlock - 1) / perBlock;
}

void addReductionCases(std::vector<Case> &cases); // sums, scans, rows
void addMemoryCases(std::vector<Case> &cases);    // adds, tiles, histograms
void addSortCases(std::vector<Case> &cases);
void addMatrixCases(std::vector<Case> &cases);
void addAttentionCases(std::vector<Case> &cases);
void addControlCases(std::vector<Case> &cases); // loops, queues, pipelines

Case vectorAdd(uint32_t n);
Case blockReduce(uint32_t n, uint32_t blocks, uint32_t threads);
Case softmax(uint32_t rows, uint32_t columns, uint32_t threads);
Case gemvBf16(uint32_t rows, uint32_t columns);
Case gemmBf16Mma(uint32_t m, uint32_t n, uint32_t k);

} // namespace sluice::sim::corpus
