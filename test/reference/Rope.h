#pragma once

#include "test/reference/Linear.h"

namespace sluice::reference {

/// A rotary embedding: one frequency (radians a token) for each pair of
/// rotated channels, and what cos and sin are multiplied by (1 in every
/// released model).
struct Rope {
  Values frequencies;
  double factor = 1;

  std::int64_t channels() const { return std::int64_t(frequencies.size()) * 2; }
};

struct Yarn {
  double factor = 1;
  double originalLength = 0; // tokens
  double betaFast = 32;
  double betaSlow = 1;
};

/// theta^(-2j/channels), j = 0 .. channels/2 - 1
Values plainFrequencies(double theta, std::int64_t channels);

/// The same, stretched for long contexts: fast pairs stay, slow pairs are
/// divided by the factor, and a ramp lies between (spec 4.2).
Values yarnFrequencies(double theta, std::int64_t channels, const Yarn &yarn);

enum class Direction { Forward, Inverse };

/// Turns the last `rope.channels()` channels of every head of x
/// [positions, heads * width], interleaved pairs (2j, 2j + 1), by
/// position * frequency.
void rotate(std::span<double> x, std::span<const std::int64_t> positions,
            std::int64_t heads, std::int64_t width, const Rope &rope,
            Direction direction = Direction::Forward);

} // namespace sluice::reference
