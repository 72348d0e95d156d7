#include "frontend/config/RopeFrequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice {

std::vector<double> ropeFrequencies(double theta, int64_t dim,
                                    const std::optional<Yarn> &yarn) {
  std::vector<double> frequencies;
  frequencies.reserve(static_cast<size_t>(dim / 2));
  auto width = static_cast<double>(dim);
  for (int64_t j = 0; j < dim / 2; ++j)
    frequencies.push_back(
        std::pow(theta, -2.0 * static_cast<double>(j) / width));
  if (!yarn)
    return frequencies;

  // The (fractional) pair that turns `rotations` times over the context.
  auto pairOf = [&](double rotations) {
    return width *
           std::log(yarn->originalPositions /
                    (rotations * 2 * std::numbers::pi)) /
           (2 * std::log(theta));
  };
  double low = pairOf(yarn->betaFast), high = pairOf(yarn->betaSlow);
  if (yarn->truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  // dim - 1, not dim / 2 - 1: this is what models were trained with.
  low = std::max(low, 0.0);
  high = std::min(high, width - 1);
  if (low == high)
    high += 0.001;
  for (size_t j = 0; j < frequencies.size(); ++j) {
    double stretched =
        std::clamp((static_cast<double>(j) - low) / (high - low), 0.0, 1.0);
    frequencies[j] = frequencies[j] / yarn->factor * stretched +
                     frequencies[j] * (1 - stretched);
  }
  return frequencies;
}

} // namespace sluice
