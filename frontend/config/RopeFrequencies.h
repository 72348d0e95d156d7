#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

/// YaRN: slow pairs are stretched by `factor`, fast ones stay, those between
/// are mixed (spec 4.2).
struct Yarn {
  double factor = 1;
  double originalPositions = 1; // context length of training
  double betaFast = 32;         // rotations over that context; > betaSlow
  double betaSlow = 1;
  bool truncate = true; // whole pairs as bounds of the mix
};

/// theta^(-2j/dim) for j = 0..dim/2-1, with `yarn` applied; theta > 1.
std::vector<double> ropeFrequencies(double theta, int64_t dim,
                                    const std::optional<Yarn> &yarn);

} // namespace sluice
