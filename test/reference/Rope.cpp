#include "test/reference/Rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice::reference {

Values plainFrequencies(double theta, std::int64_t channels) {
  Values frequencies(channels / 2);
  for (std::size_t j = 0; j < frequencies.size(); ++j)
    frequencies[j] = std::pow(theta, -2.0 * double(j) / double(channels));
  return frequencies;
}

Values yarnFrequencies(double theta, std::int64_t channels, const Yarn &yarn) {
  // The pair that turns `rotations` times within the original length.
  auto pairThatTurns = [&](double rotations) {
    const double length = rotations * 2 * std::numbers::pi;
    return double(channels) * std::log(yarn.originalLength / length) /
           (2 * std::log(theta));
  };
  const double low = std::max(std::floor(pairThatTurns(yarn.betaFast)), 0.0);
  double high =
      std::min(std::ceil(pairThatTurns(yarn.betaSlow)), double(channels) - 1);
  if (low == high)
    high += 0.001;
  Values frequencies = plainFrequencies(theta, channels);
  for (std::size_t j = 0; j < frequencies.size(); ++j) {
    const double ramp = std::clamp((double(j) - low) / (high - low), 0.0, 1.0);
    frequencies[j] *= ramp / yarn.factor + (1 - ramp);
  }
  return frequencies;
}

void rotate(std::span<double> x, std::span<const std::int64_t> positions,
            std::int64_t heads, std::int64_t width, const Rope &rope,
            Direction direction) {
  const std::int64_t channels = rope.channels();
  for (std::size_t t = 0; t < positions.size(); ++t)
    for (std::int64_t j = 0; j < channels / 2; ++j) {
      const double angle = double(positions[t]) * rope.frequencies[j];
      const double cosine = std::cos(angle) * rope.factor;
      double sine = std::sin(angle) * rope.factor;
      if (direction == Direction::Inverse)
        sine = -sine;
      for (std::int64_t h = 0; h < heads; ++h) {
        const std::int64_t head = (std::int64_t(t) * heads + h) * width;
        double &a = x[head + width - channels + 2 * j];
        double &b = x[head + width - channels + 2 * j + 1];
        const double turned = a * cosine - b * sine;
        b = b * cosine + a * sine;
        a = turned;
      }
    }
}

} // namespace sluice::reference
