#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace sluice::sim {

/// A bit for each byte of a memory: somebody has written it.
class WrittenBits {
public:
  explicit WrittenBits(uint64_t bytes = 0) : words((bytes + 63) / 64) {}

  bool all(uint64_t at, uint64_t bytes) const {
    bool result = true;
    forEachWord(at, bytes, [&](uint64_t word, uint64_t bits) {
      result = result && (words[word] & bits) == bits;
    });
    return result;
  }
  void set(uint64_t at, uint64_t bytes, bool written) {
    forEachWord(at, bytes, [&](uint64_t word, uint64_t bits) {
      words[word] = written ? words[word] | bits : words[word] & ~bits;
    });
  }
  void setAll() { std::fill(words.begin(), words.end(), ~uint64_t{0}); }
  void clear() { std::fill(words.begin(), words.end(), 0); }

  /// Bytes of the first `bytes` that are set.
  uint64_t count(uint64_t bytes) const {
    uint64_t result = 0;
    forEachWord(0, bytes, [&](uint64_t word, uint64_t bits) {
      result += uint64_t(std::popcount(words[word] & bits));
    });
    return result;
  }

private:
  template <typename F>
  static void forEachWord(uint64_t at, uint64_t bytes, F f) {
    while (bytes != 0) {
      uint64_t count = std::min(bytes, 64 - at % 64);
      f(at / 64, (~uint64_t{0} >> (64 - count)) << (at % 64));
      at += count;
      bytes -= count;
    }
  }

  std::vector<uint64_t> words;
};

} // namespace sluice::sim
