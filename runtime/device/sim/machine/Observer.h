#pragma once

#include "runtime/device/sim/machine/Launch.h"

#include <bit>
#include <vector>

namespace sluice::sim {

enum class Access : uint8_t { Load, Store, Atomic };

/// Counts what the warps of one host thread do.
class Observer {
public:
  explicit Observer(const Program &program) : lines(program.code.size()) {
    for (const Instruction &instruction : program.code)
      spaces.push_back(instruction.space);
    stores.resize(spaces.size());
  }

  void executed(const Instruction &instruction, LaneMask lanes) {
    LineCounters &line = lines[instruction.index];
    ++line.executions;
    line.lanes += static_cast<uint64_t>(std::popcount(lanes));
  }

  /// An access of `bytes` bytes by each lane of `lanes`, at addresses in
  /// `space` (shared: offsets); `consecutive`: each behind the one before it.
  void accessed(const Instruction &instruction, Space space, LaneMask lanes,
                const uint64_t *addresses, bool consecutive, uint32_t bytes,
                bool store);

  void add(const Observer &other);

  std::vector<LineCounters> lines;
  /// By instruction: the space that it says, or of a generic address that its
  /// last access went to.
  std::vector<Space> spaces;
  std::vector<bool> stores; // by instruction: it has written
  uint64_t barrierWaits = 0;
};

/// The report of a launch from what its threads counted.
Counters summarise(const Program &program, const Observer &all);

} // namespace sluice::sim
