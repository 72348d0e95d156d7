#pragma once

#include "test/passes/lower/KernelHarness.h"
#include "test/reference/Rope.h"

#include <algorithm>
#include <limits>

namespace sluice::test {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Sequences of a step: each with a slot, the tokens it has kept, and its rows.
struct Sequence {
  std::int64_t slot, kept, rows;
};

struct Batch {
  explicit Batch(std::vector<Sequence> sequences) : sequences(sequences) {
    for (const Sequence &sequence : sequences) {
      auto start = static_cast<std::int32_t>(position.size());
      for (std::int64_t i = 0; i < sequence.rows; ++i) {
        position.push_back(static_cast<std::int32_t>(sequence.kept + i));
        slot.push_back(static_cast<std::int32_t>(sequence.slot));
        first.push_back(start);
      }
    }
  }
  std::int64_t rows() const { return std::int64_t(position.size()); }
  std::int64_t longest() const {
    std::int64_t n = 0;
    for (const Sequence &s : sequences)
      n = std::max(n, s.kept + s.rows);
    return n;
  }
  void addWords(std::vector<std::uint64_t> &words) const {
    words.insert(words.end(), {word(position), word(slot), word(first)});
  }
  std::vector<Sequence> sequences;
  std::vector<std::int32_t> position, slot, first;
};

/// A ring or paged log in memory that is NaN where nothing was written. Pages
/// lie in an order of their own.
struct TestLog {
  TestLog(std::int64_t slots, std::int64_t width, std::int64_t keep,
          std::int64_t every, std::int64_t P, std::int64_t maxN)
      : width(width), keep(keep), every(every), P(P),
        perSlot((maxN + P - 1) / P) {
    std::int64_t rows = keep ? slots * keep : slots * perSlot * (P / every);
    pool.assign(rows * width, kNan);
    pages.resize(slots * perSlot);
    for (std::size_t i = 0; i < pages.size(); ++i)
      pages[i] = static_cast<std::int32_t>(pages.size() - 1 - i);
  }
  float *row(std::int64_t slot, std::int64_t row) {
    if (keep)
      return &pool[(slot * keep + row % keep) * width];
    std::int64_t perPage = P / every;
    std::int64_t page = pages[slot * perSlot + row / perPage];
    return &pool[(page * perPage + row % perPage) * width];
  }
  void addWords(std::vector<std::uint64_t> &words) const {
    words.insert(words.end(), {word(pool), keep ? 0 : word(pages)});
  }
  std::int64_t width, keep, every, P, perSlot;
  std::vector<float> pool;
  std::vector<std::int32_t> pages;
};

inline const std::vector<std::vector<Sequence>> batches{
    {},                         // T = 0
    {{1, 0, 1}},                // T = 1
    {{0, 11, 1}, {2, 0, 1}},    // T = 2
    {{2, 13, 21}, {0, 0, 12}},  // T = 33
    {{1, 197, 2}, {3, 64, 31}}, // long ago
};
inline constexpr std::int64_t kSlots = 4, kMaxN = 240;

inline Symbols symbolsOf(const Batch &batch, std::int64_t P,
                         std::int64_t maxN = kMaxN) {
  return {.T = batch.rows(),
          .S = std::int64_t(batch.sequences.size()),
          .N = batch.longest(),
          .maxT = 40,
          .maxN = maxN,
          .slots = kSlots,
          .P = P};
}

/// [tokens, width] of each sequence's whole history, the step's rows last.
inline std::vector<std::vector<float>>
histories(Random &random, const Batch &batch, std::int64_t width) {
  std::vector<std::vector<float>> result;
  for (const Sequence &s : batch.sequences)
    result.push_back(random.floats((s.kept + s.rows) * width, -2, 2));
  return result;
}

/// The step's rows of the histories, one after the other.
inline std::vector<float>
stepRows(const Batch &batch, const std::vector<std::vector<float>> &history,
         std::int64_t width) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < history.size(); ++i)
    rows.insert(rows.end(),
                history[i].begin() + batch.sequences[i].kept * width,
                history[i].end());
  return rows;
}

/// A rotation of six channels, as an attribute and for the reference.
inline constexpr const char *rope3 = "<tail [1.0, 0.25, 0.003]>";
inline reference::Rope reference3() { return {{1.0, 0.25, double(0.003f)}, 1}; }

} // namespace sluice::test
