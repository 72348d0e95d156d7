#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

/// "prefill 512 of 4096 tokens, 8 s left" on one line of stderr that is written
/// over, at most five times a second; nothing if stderr is no terminal, or if
/// the work takes less than half a second. The estimate comes once there is
/// something to go by.
class Progress {
public:
  Progress(std::string what, uint64_t total, std::string unit);
  ~Progress(); // wipes the line

  void at(uint64_t done);

private:
  std::string what, unit;
  uint64_t total;
  bool terminal, shown = false;
  std::chrono::steady_clock::time_point begin, next;
};

} // namespace sluice
