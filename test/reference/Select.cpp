#include "test/reference/Select.h"

#include <algorithm>
#include <numeric>

namespace sluice::reference {

Values indexerScores(View q, View gate, View keys, double scale,
                     const IndexerShape &shape) {
  Values scores(shape.rows * shape.entries);
  for (std::int64_t t = 0; t < shape.rows; ++t)
    for (std::int64_t w = 0; w < shape.entries; ++w) {
      double sum = 0;
      for (std::int64_t h = 0; h < shape.heads; ++h) {
        const std::int64_t head = t * shape.heads + h;
        const double product =
            dot(&q[head * shape.width], &keys[w * shape.width], shape.width);
        sum += gate[head] * std::max(product, 0.0);
      }
      scores[t * shape.entries + w] = scale * sum;
    }
  return scores;
}

Picks selectTop(View scores, std::span<const std::int64_t> visible,
                std::int64_t top, std::int64_t entries) {
  Picks picks;
  for (std::size_t t = 0; t < visible.size(); ++t) {
    View row = scores.subspan(t * entries, entries);
    std::vector<std::int64_t> order(visible[t]);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return row[a] != row[b] ? row[a] > row[b] : a < b;
    });
    if (visible[t] > top) {
      picks.margin.push_back(row[order[top - 1]] - row[order[top]]);
      order.resize(top);
    } else {
      picks.margin.push_back(noChoice);
    }
    std::sort(order.begin(), order.end());
    order.resize(top, -1);
    picks.entries.insert(picks.entries.end(), order.begin(), order.end());
  }
  return picks;
}

} // namespace sluice::reference
