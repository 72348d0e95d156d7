#include "runtime/text/Sampler.h"

#include "runtime/text/Philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sluice {
namespace {

/// Uniform in [0, 1), 53 bits.
double uniform(uint64_t seed, uint64_t sequence, uint64_t position) {
  std::array<uint32_t, 4> bits =
      philox({uint32_t(position), uint32_t(position >> 32), uint32_t(sequence),
              uint32_t(sequence >> 32)},
             {uint32_t(seed), uint32_t(seed >> 32)});
  uint64_t wide = uint64_t(bits[0]) << 32 | bits[1];
  return double(wide >> 11) * 0x1p-53;
}

} // namespace

Status checkSampling(const Sampling &s) {
  if (!(s.temperature >= 0) || !std::isfinite(s.temperature))
    return invalidArgument(fmt::format(
        "a temperature is finite and at least 0, not {}", s.temperature));
  if (!(s.topP > 0 && s.topP <= 1))
    return invalidArgument(
        fmt::format("top-p is above 0 and at most 1, not {}", s.topP));
  return {};
}

int32_t greedyToken(std::span<const float> logits) {
  return int32_t(std::max_element(logits.begin(), logits.end()) -
                 logits.begin());
}

Sampler::Sampler(uint32_t vocabulary)
    : order(vocabulary), weights(vocabulary) {}

Result<int32_t> Sampler::sample(std::span<const float> logits,
                                const Sampling &sampling, uint64_t sequence,
                                uint64_t position) {
  SLUICE_TRY(checkSampling(sampling));
  if (logits.size() != order.size() || logits.empty())
    return invalidArgument(fmt::format("{} logits for a vocabulary of {}",
                                       logits.size(), order.size()));
  for (const float &x : logits)
    if (std::isnan(x) || x == INFINITY)
      return deviceError(fmt::format("logit {} of position {} is {}",
                                     &x - logits.data(), position, x));
  int32_t largest = greedyToken(logits);
  float top = logits[largest];
  if (top == -INFINITY)
    return deviceError(
        fmt::format("all logits of position {} are -inf", position));
  if (sampling.temperature == 0 || sampling.topK == 1)
    return largest;

  // Ties go to the lower id, so that which ids are kept is defined.
  auto likelier = [&](uint32_t a, uint32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  std::iota(order.begin(), order.end(), 0u);
  size_t kept = order.size();
  if (sampling.topK && sampling.topK < kept) {
    kept = sampling.topK;
    std::nth_element(order.begin(), order.begin() + kept, order.end(),
                     likelier);
    std::sort(order.begin(), order.begin() + kept);
  }
  double total = 0;
  for (size_t i = 0; i < kept; ++i) {
    uint32_t id = order[i];
    total += weights[id] =
        std::exp((double(logits[id]) - top) / sampling.temperature);
  }
  size_t first = 0; // candidates are order[first, kept)
  if (sampling.topP < 1) {
    // A heap gives the likeliest one by one, to the back: few of them make most
    // of the sum, so this is cheaper than sorting.
    auto less = [&](uint32_t a, uint32_t b) { return likelier(b, a); };
    std::make_heap(order.begin(), order.begin() + kept, less);
    double wanted = total * sampling.topP;
    total = 0;
    for (first = kept; first > 0 && total < wanted; --first) {
      std::pop_heap(order.begin(), order.begin() + first, less);
      total += weights[order[first - 1]];
    }
  }
  double left = uniform(sampling.seed, sequence, position) * total;
  for (size_t i = first; i < kept; ++i) {
    left -= weights[order[i]];
    if (left < 0)
      return int32_t(order[i]);
  }
  // Rounding can leave a crumb of the sum: it belongs to the likeliest.
  return largest;
}

} // namespace sluice
