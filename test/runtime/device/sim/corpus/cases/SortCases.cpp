#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>

namespace sluice::sim::corpus {
namespace {

std::vector<uint32_t> randomKeys(uint32_t n) {
  Random random(n);
  std::vector<uint32_t> keys(n);
  for (uint32_t &key : keys)
    key = static_cast<uint32_t>(random.bits());
  return keys;
}

// All four passes: eight bits each, the lowest first.
Case radixSort(uint32_t n) {
  Case example{.name = fmt::format("radix_sort/{}", n), .file = "radix_sort"};
  std::vector<uint32_t> keys = randomKeys(n);
  uint32_t blocks = blocksFor(n, 256);
  Pointer even = filled(example, "even", keys);
  Pointer odd = unwritten(example, "odd", n * 4);
  Pointer counts = unwritten(example, "counts", 256 * blocks * 4);
  for (int pass = 0; pass < 4; ++pass) {
    Pointer from = pass % 2 ? odd : even, to = pass % 2 ? even : odd;
    int32_t shift = 8 * pass, count = n;
    example.launches.push_back({.kernel = "radixCount",
                                .grid = {blocks},
                                .block = {256},
                                .arguments = {from, counts, count, shift}});
    example.launches.push_back({.kernel = "radixOffsets",
                                .block = {256},
                                .arguments = {counts, int32_t(blocks)}});
    example.launches.push_back({.kernel = "radixScatter",
                                .grid = {blocks},
                                .block = {256},
                                .arguments = {from, to, counts, count, shift}});
  }
  std::sort(keys.begin(), keys.end());
  example.expectations = {
      {even.buffer, Element::U32, {keys.begin(), keys.end()}}};
  return example;
}

// One pass: equal digits stay in order.
Case radixPass(uint32_t n) {
  Case example = radixSort(n);
  example.name = fmt::format("radix_sort/one_pass/{}", n);
  example.launches.resize(3);
  std::vector<uint32_t> keys = randomKeys(n);
  std::list<uint32_t> sorted(keys.begin(), keys.end());
  sorted.sort([](uint32_t a, uint32_t b) { return (a & 0xff) < (b & 0xff); });
  example.expectations = {{1, Element::U32, {sorted.begin(), sorted.end()}}};
  return example;
}

// Every block sorts 256 keys of its own.
Case bitonicSort(uint32_t n) {
  Case example{.name = fmt::format("bitonic_sort/{}", n),
               .file = "bitonic_sort"};
  std::vector<uint32_t> keys = randomKeys(n);
  Pointer buffer = filled(example, "keys", keys);
  example.launches = {{.kernel = "bitonicSort",
                       .grid = {blocksFor(n, 256)},
                       .block = {128},
                       .arguments = {buffer, int32_t(n)}}};
  for (uint32_t i = 0; i < n; i += 256)
    std::sort(keys.begin() + i, keys.begin() + std::min(i + 256, n));
  example.expectations = {
      {buffer.buffer, Element::U32, {keys.begin(), keys.end()}}};
  return example;
}

} // namespace

void addSortCases(std::vector<Case> &cases) {
  cases.push_back(radixPass(700));
  cases.push_back(radixSort(700));
  cases.push_back(bitonicSort(600));
}

} // namespace sluice::sim::corpus
