#pragma once

#include "runtime/executor/Context.h"

#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <numeric>

namespace sluice {

using Ids = std::vector<int32_t>;
using Rows = std::vector<std::vector<float>>; // logits by position

/// One sequence of a batch: its tokens, and how many the context has.
struct Sequence {
  Ids ids;
  int32_t slot;
  size_t done = 0;
};

/// A context that is given pieces of sequences; keeps the logits of each row.
class Batches {
public:
  Batches(std::shared_ptr<const Model> model, const ContextOptions &options) {
    Result<std::unique_ptr<Context>> made = Context::create(model, options);
    if (made.ok())
      context = *std::move(made);
    else
      ADD_FAILURE() << made.status().message();
  }

  /// Runs the next `counts[i]` tokens of `parts[i]`, as one step, and returns
  /// the logits of all rows, by part.
  std::vector<Rows> step(const std::vector<Sequence *> &parts,
                         const std::vector<size_t> &counts) {
    Ids ids, pos, slot, rows = {0};
    for (size_t i = 0; i < parts.size(); ++i) {
      for (size_t end = parts[i]->done + counts[i]; parts[i]->done < end;) {
        pos.push_back(static_cast<int32_t>(parts[i]->done));
        ids.push_back(parts[i]->ids[parts[i]->done++]);
        slot.push_back(parts[i]->slot);
      }
      rows.push_back(static_cast<int32_t>(ids.size()));
    }
    // Wanted from the last row to the first: their order is the caller's.
    Ids wanted(ids.size());
    std::iota(wanted.rbegin(), wanted.rend(), 0);
    Status status = context->step({ids, pos, slot, rows, wanted});
    EXPECT_TRUE(status.ok()) << status.message();
    Result<std::span<const float>> logits = context->logits();
    EXPECT_TRUE(logits.ok());
    size_t width = context->model().plan().model.vocabulary;
    EXPECT_EQ(logits->size(), ids.size() * width);
    std::vector<Rows> out;
    for (size_t i = 0; i < parts.size(); ++i) {
      Rows &mine = out.emplace_back();
      for (int32_t row = rows[i]; row < rows[i + 1]; ++row) {
        auto one = logits->subspan((ids.size() - 1 - row) * width, width);
        mine.emplace_back(one.begin(), one.end());
      }
    }
    return out;
  }

  std::unique_ptr<Context> context;
};

inline bool sameBits(const std::vector<float> &x, const std::vector<float> &y) {
  return x.size() == y.size() &&
         std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

/// Expects `rows`, of positions from `first` on, to be those of `expected`.
inline void expectRows(const Rows &rows, const Rows &expected, size_t first,
                       const std::string &where) {
  for (size_t i = 0; i < rows.size(); ++i)
    ASSERT_TRUE(sameBits(rows[i], expected[first + i]))
        << where << ": position " << first + i << " of " << expected.size();
}

} // namespace sluice
