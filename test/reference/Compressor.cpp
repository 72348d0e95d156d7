#include "test/reference/Compressor.h"

#include "test/reference/RmsNorm.h"

#include <algorithm>
#include <cmath>

namespace sluice::reference {
namespace {

struct Slot {
  double value, logit;
};

/// sum of softmax(logits) * values
double pool(const std::vector<Slot> &slots) {
  double largest = slots.front().logit;
  for (const Slot &slot : slots)
    largest = std::max(largest, slot.logit);
  double weights = 0, sum = 0;
  for (const Slot &slot : slots) {
    const double weight = std::exp(slot.logit - largest);
    weights += weight;
    sum += weight * slot.value;
  }
  return sum / weights;
}

} // namespace

Values compress(View c, View z, std::int64_t rows, std::int64_t first,
                const Compressor &compressor, const Rope &rope) {
  const std::int64_t rate = compressor.rate, width = compressor.width;
  const std::int64_t rowWidth = compressor.rowWidth();
  const std::int64_t ownSeries = rowWidth - width; // where the own half starts
  Values entries;
  for (std::int64_t window = first; window < rows / rate; ++window) {
    Values pooled(width);
    for (std::int64_t channel = 0; channel < width; ++channel) {
      std::vector<Slot> slots;
      auto add = [&](std::int64_t token, std::int64_t at) {
        slots.push_back({c[token * rowWidth + at],
                         z[token * rowWidth + at] +
                             compressor.bias[token % rate * rowWidth + at]});
      };
      const std::int64_t start = window * rate;
      if (compressor.overlap && window > 0)
        for (std::int64_t i = 0; i < rate; ++i)
          add(start - rate + i, channel);
      for (std::int64_t i = 0; i < rate; ++i)
        add(start + i, ownSeries + channel);
      pooled[channel] = pool(slots);
    }
    Values entry =
        rmsNorm(pooled, compressor.norm, 1, width, compressor.epsilon);
    const std::int64_t position = window * rate;
    rotate(entry, {&position, 1}, 1, width, rope);
    entries.insert(entries.end(), entry.begin(), entry.end());
  }
  return entries;
}

} // namespace sluice::reference
