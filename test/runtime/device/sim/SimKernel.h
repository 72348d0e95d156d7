#pragma once

#include "runtime/device/sim/Simulator.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace sluice::sim {

/// PTX in a simulator of its own, and the arguments of its next launch.
class SimKernel {
public:
  /// `body` with ".version", ".target" and ".address_size" before it.
  explicit SimKernel(const std::string &body,
                     const std::string &target = "sm_90",
                     const std::string &version = "8.7");

  bool loaded() const { return module != nullptr; }
  const std::string &error() const { return message; }

  template <typename T>
  uint64_t upload(const std::vector<T> &values,
                  const std::string &name = "in") {
    auto address = simulator.memory().allocate(name, values.size() * sizeof(T));
    EXPECT_TRUE(address.ok());
    memories.push_back({*address, values.size() * sizeof(T)});
    EXPECT_TRUE(simulator.memory()
                    .write(*address, values.data(), values.size() * sizeof(T))
                    .ok());
    return *address;
  }
  /// Memory that nobody has written.
  template <typename T>
  uint64_t reserve(size_t count, const std::string &name = "out") {
    auto address = simulator.memory().allocate(name, count * sizeof(T));
    EXPECT_TRUE(address.ok());
    memories.push_back({*address, count * sizeof(T)});
    return *address;
  }
  template <typename T>
  std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> values(count);
    EXPECT_TRUE(simulator.memory()
                    .read(address, values.data(), count * sizeof(T))
                    .ok());
    return values;
  }

  template <typename T> SimKernel &arg(T value) {
    size_t at = (parameters.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    parameters.resize(at + sizeof(T));
    std::memcpy(parameters.data() + at, &value, sizeof(T));
    return *this;
  }

  /// Runs with the arguments, which it forgets. A failure to launch fails the
  /// test.
  LaunchReport launch(const std::string &kernel, uint32_t blocks,
                      uint32_t threads, uint64_t dynamicShared = 0);

  Simulator simulator;
  LoadedModule *module = nullptr;
  LaunchOptions options;

private:
  struct Range {
    uint64_t address, bytes;
  };
  std::string contents(const Range &range);

  std::string text, message;
  std::vector<Range> memories;
  std::vector<std::byte> parameters;
};

/// The findings as text, for EXPECT_EQ(findingsOf(report), "").
std::string findingsOf(const LaunchReport &report);

} // namespace sluice::sim
