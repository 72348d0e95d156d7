#pragma once

// Runs one kernel alone, as a launch would: the text of a plan.kernel goes
// through sluice-lower and codegen for every target this host has, the blocks
// of its stages are run on memory full of 0xFF, and all targets must leave the
// same bytes. With SLUICE_KERNEL_TARGETS=sm_80,.. in the environment those
// targets are run instead, in the PTX simulator with all its checks, in every
// schedule.

#include "dialects/plan/PlanExpr.h"

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace sluice::test {

/// Values of the symbols, in the order of mlir::sluice::plan::Symbol.
struct Symbols {
  std::int64_t T = 0, S = 1, L = 0, N = 0, maxT = 0, maxS = 0, maxL = 0,
               maxN = 0, slots = 0, P = 0;
};

/// Memory that a kernel may be given. What lay there before is forgotten.
struct HostRange {
  std::uint64_t address = 0, bytes = 0;
  bool isTable = false; // of addresses
};
void remember(const HostRange &range);
/// The memory with `address`, or null.
const HostRange *rememberedAt(std::uint64_t address);

/// One argument word: an address.
template <typename T> std::uint64_t word(const std::vector<T> &values) {
  auto address = reinterpret_cast<std::uint64_t>(values.data());
  remember(
      {address, values.size() * sizeof(T), std::is_same_v<T, std::uint64_t>});
  return address;
}

using Bytes = std::span<std::byte>;
template <typename T> Bytes bytesOf(std::vector<T> &values) {
  return std::as_writable_bytes(std::span(values));
}

/// Runs the kernel @k of `text` with the words of its operands and results.
/// `written` is all memory it may change: it starts equal on every target.
void runKernel(const std::string &text, const Symbols &symbols,
               const std::vector<std::uint64_t> &words,
               const std::vector<Bytes> &written);

/// Deterministic numbers.
class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  std::vector<float> floats(std::size_t count, float low = -1, float high = 1);
  std::vector<std::uint8_t> bytes(std::size_t count);
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(engine() %
                                     static_cast<std::uint64_t>(bound));
  }

private:
  std::mt19937 engine;
};

std::vector<double> widen(std::span<const float> values);

/// Expects |found - expected| <= tolerance * max(1, |expected|) everywhere; a
/// found NaN fails.
void expectNear(std::span<const float> found, std::span<const double> expected,
                double tolerance, const char *what);

} // namespace sluice::test
