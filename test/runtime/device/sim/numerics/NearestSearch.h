#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace sluice::sim::test {

/// Rounding by looking it up: every positive code of a format of at most 16
/// bits with its value from the textbook formula, and a search among them.
/// Knows nothing of bits and carries.
class NearestSearch {
public:
  explicit NearestSearch(const FloatFormat &format) : format(format) {
    int bias = (1 << (format.exponentBits - 1)) - 1;
    for (uint64_t code = 0; code <= format.maxFinite; ++code) {
      auto fraction = static_cast<double>(code % (1 << format.mantissaBits)) /
                      std::pow(2.0, format.mantissaBits);
      int exponent = static_cast<int>(code >> format.mantissaBits);
      values.push_back(exponent == 0
                           ? fraction * std::pow(2.0, 1 - bias)
                           : (1 + fraction) * std::pow(2.0, exponent - bias));
    }
    double step = values.back() - values[values.size() - 2];
    next = values.back() + step;
  }

  const std::vector<double> &positive() const { return values; }

  /// The code of (-1)^negative * (magnitude + t), t = 0, or with `above` some
  /// tiny positive amount.
  uint64_t code(double magnitude, bool above, bool negative, Rounding rounding,
                bool saturate) const {
    uint64_t sign = negative ? format.signBit() : 0;
    uint64_t beyond = saturate             ? format.maxFinite
                      : format.hasInfinity ? format.maxFinite + 1
                                           : format.nan;
    auto up = std::upper_bound(values.begin(), values.end(), magnitude);
    auto low = static_cast<uint64_t>(up - values.begin()) - 1;
    double lowValue = values[low];
    double highValue = low + 1 < values.size() ? values[low + 1] : next;
    if (magnitude >= next) { // beyond even what is one step above the largest
      bool away = rounding == Rounding::Nearest ||
                  rounding == Rounding::NearestAway ||
                  (rounding == Rounding::Up && !negative) ||
                  (rounding == Rounding::Down && negative);
      return sign | (away ? beyond : format.maxFinite);
    }
    bool exact = magnitude == lowValue && !above;
    double toLow = magnitude - lowValue; // exact: the values are close
    double toHigh = highValue - magnitude;
    bool away = false;
    switch (rounding) {
    case Rounding::Nearest:
      away = toLow > toHigh || (toLow == toHigh && (above || low % 2 == 1));
      break;
    case Rounding::NearestAway:
      away = toLow >= toHigh;
      break;
    case Rounding::Zero:
      break;
    case Rounding::Down:
      away = negative;
      break;
    case Rounding::Up:
      away = !negative;
      break;
    }
    if (exact || !away)
      return sign | low;
    return sign | (low + 1 < values.size() ? low + 1 : beyond);
  }

  uint64_t code(double x, Rounding rounding, bool saturate) const {
    return code(std::fabs(x), false, std::signbit(x), rounding, saturate);
  }

private:
  const FloatFormat &format;
  std::vector<double> values;
  double next; // where the largest number's successor would be
};

inline constexpr Rounding kIeeeRoundings[] = {Rounding::Nearest, Rounding::Zero,
                                              Rounding::Down, Rounding::Up};

/// A plain generator, the same everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// An f32 of any kind, the special and the edge values often.
  uint32_t f32Bits() {
    static constexpr uint32_t edges[] = {
        0,          1,          2,          0x007fffff, 0x00800000, 0x00800001,
        0x3f7fffff, 0x3f800000, 0x3f800001, 0x40000000, 0x4b000000, 0x4b800000,
        0x7f7fffff, 0x7f7ffffe, 0x7f800000, 0x7fc00000, 0x7f800001, 0x33800000};
    uint64_t r = next();
    uint32_t sign = static_cast<uint32_t>(r >> 63) << 31;
    switch ((r >> 32) % 8) {
    case 0:
      return edges[(r >> 8) % std::size(edges)] | sign;
    case 1: // few significant bits: exact results and ties
      return (static_cast<uint32_t>(r) & 0x7ff80000) | sign;
    case 2: // near one: results that cancel
      return 0x3f000000 + (static_cast<uint32_t>(r) & 0x01ffffff) + sign;
    default:
      return static_cast<uint32_t>(r);
    }
  }
  uint64_t f64Bits() {
    static constexpr uint64_t edges[] = {0,
                                         1,
                                         0x000fffffffffffff,
                                         0x0010000000000000,
                                         0x3fefffffffffffff,
                                         0x3ff0000000000000,
                                         0x3ff0000000000001,
                                         0x7fefffffffffffff,
                                         0x7ff0000000000000,
                                         0x7ff8000000000000,
                                         0x4340000000000000};
    uint64_t r = next();
    uint64_t sign = r & (uint64_t{1} << 63);
    switch ((r >> 32) % 8) {
    case 0:
      return edges[(r >> 8) % std::size(edges)] | sign;
    case 1:
      return (next() & 0x7fffff0000000000) | sign;
    case 2:
      return (0x3fe0000000000000 + (next() & 0x003fffffffffffff)) | sign;
    default:
      return next();
    }
  }

private:
  uint64_t state;
};

} // namespace sluice::sim::test
