#pragma once

#include "test/reference/Route.h"

namespace sluice::reference {

struct IndexerShape {
  std::int64_t rows = 0;    // queries
  std::int64_t heads = 0;   // of the indexer
  std::int64_t width = 0;   // of its keys
  std::int64_t entries = 0; // keys that exist
};

/// score[t, w] = scale * sum_h gate[t, h] relu(q[t, h] . key[w]); q is
/// [rows, heads * width], gate [rows, heads], keys [entries, width].
Values indexerScores(View q, View gate, View keys, double scale,
                     const IndexerShape &shape);

struct Picks {
  /// [rows, top]: ascending indices of the chosen entries, then -1.
  std::vector<std::int64_t> entries;
  Values margin; // [rows], as Routing::margin
};

/// The `top` best of the first visible[t] scores of each row (ties: the
/// smaller index). scores is [rows, entries].
Picks selectTop(View scores, std::span<const std::int64_t> visible,
                std::int64_t top, std::int64_t entries);

} // namespace sluice::reference
