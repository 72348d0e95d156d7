#include "test/reference/Attention.h"

#include <algorithm>
#include <cmath>

namespace sluice::reference {
namespace {

/// The rows that query number `t` at `position` sees.
std::vector<const double *> keysOf(std::size_t t, std::int64_t position,
                                   std::int64_t width,
                                   const AttentionSources &sources) {
  std::vector<const double *> keys;
  const std::int64_t oldest =
      std::max<std::int64_t>(0, position - sources.window + 1);
  for (std::int64_t s = oldest; s <= position; ++s)
    keys.push_back(&sources.rows[s * width]);
  if (sources.top == 0) {
    for (std::int64_t w = 0; w < visibleEntries(position, sources.rate); ++w)
      keys.push_back(&sources.entries[w * width]);
    return keys;
  }
  for (std::int64_t w : sources.picks.subspan(t * sources.top, sources.top))
    if (w >= 0)
      keys.push_back(&sources.entries[w * width]);
  return keys;
}

} // namespace

Values attend(View q, std::span<const std::int64_t> positions, View sinks,
              std::int64_t heads, std::int64_t width, double scale,
              const AttentionSources &sources) {
  Values out(positions.size() * heads * width);
  for (std::size_t t = 0; t < positions.size(); ++t) {
    const auto keys = keysOf(t, positions[t], width, sources);
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t at = (std::int64_t(t) * heads + h) * width;
      Values weights;
      double largest = sinks[h];
      for (const double *key : keys) {
        weights.push_back(dot(&q[at], key, width) * scale);
        largest = std::max(largest, weights.back());
      }
      double sum = std::exp(sinks[h] - largest);
      for (double &weight : weights)
        sum += weight = std::exp(weight - largest);
      for (std::size_t k = 0; k < keys.size(); ++k)
        for (std::int64_t c = 0; c < width; ++c)
          out[at + c] += weights[k] / sum * keys[k][c];
    }
  }
  return out;
}

} // namespace sluice::reference
