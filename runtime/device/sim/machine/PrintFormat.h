#pragma once

#include "runtime/device/sim/Simulator.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sim {

/// What vprintf gets: values of 4 and 8 bytes one after another, each aligned
/// to its size.
struct PrintArguments {
  std::span<const std::byte> bytes;
  std::function<std::string(uint64_t address)> text; // for %s
  size_t at = 0;
  int32_t taken = 0;  // arguments so far
  bool enough = true; // false: the format asked for more
};

/// `format` with its arguments, as C's printf has it: flags, widths and
/// precisions (also *) up to 4 digits, h l ll, and d i u o x X c s p a e f g
/// and %. What is none of these stays as it is.
std::string printText(std::string_view format, PrintArguments &arguments);

/// What the blocks of a launch have printed, in their order, not in that of
/// time. Threads may add to it together.
class Printed {
public:
  void add(uint64_t block, std::string_view text);
  /// All of it, up to kMostPrinted bytes.
  std::string text() const;
  bool isCut() const { return cut; }

private:
  std::mutex mutex;
  std::map<uint64_t, std::string> blocks;
  size_t bytes = 0;
  bool cut = false;
};

} // namespace sluice::sim
