#pragma once

#include <cstdint>
#include <string>

namespace sluice {

/// Memory that this process can have.
struct HostMemory {
  uint64_t total = 0;     // bytes; 0: not known
  uint64_t available = 0; // bytes, without pushing others out; 0: not known
  /// Who says so: "the host", "a control group", "a resource limit".
  std::string limitedBy = "the host";
};

/// From /proc, the control groups of this process and its resource limits.
/// `root` is put before every path, for tests.
HostMemory readHostMemory(const std::string &root = "");

/// "AMD EPYC 7763 64-Core Processor", from /proc/cpuinfo; "unknown" if it does
/// not say.
std::string processorName(const std::string &root = "");

} // namespace sluice
