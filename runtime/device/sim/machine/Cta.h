#pragma once

#include "runtime/device/sim/machine/Warp.h"

#include <array>
#include <unordered_map>

namespace sluice::sim {

class Observer;
class AsyncCopies;
class BlockChecks;

/// One barrier of `bar`.
struct NamedBarrier {
  uint32_t arrived = 0;  // threads
  uint32_t expected = 0; // threads; 0: all of the block that live
  bool open = false;     // somebody has arrived
  uint32_t reduced = 0;  // of bar.red: popc; and/or as 0 or 1
  uint32_t result = 0;   // of the last time it was complete
};

/// A block: its warps and what they share.
class Cta {
public:
  Cta();
  ~Cta();
  Launch *launch = nullptr;
  uint64_t index = 0; // in the grid, x fastest
  uint32_t block[3] = {};
  std::vector<Warp> warps;
  AlignedBytes shared;
  uint32_t alive = 0; // threads
  std::array<NamedBarrier, 16> barriers;
  uint64_t randomState = 0;
  std::unique_ptr<AsyncCopies> async;  // made when first used
  std::unique_ptr<BlockChecks> checks; // if there are any
  uint64_t barrierWaits = 0;
  Observer *observer = nullptr;     // of this thread, if the launch is checked
  std::vector<Allocation *> recent; // by instruction: the last one it touched

  /// Memory for the blocks of a launch; false if there is none.
  bool prepare(Launch &launch);
  void start(uint64_t index);
  /// Runs about `instructions` warp instructions. True: the block has ended.
  bool run(uint64_t instructions);

  /// Threads of a warp arrive at barrier `id`; if that completes it, all who
  /// wait there go on. `expected` 0: all living threads of the block.
  void arrive(Warp &warp, const Instruction &instruction, uint32_t id,
              LaneMask lanes, uint32_t threads, uint32_t expected);
  void threadsExited(uint32_t count);
  uint32_t random();

private:
  void complete(uint32_t id);
  bool runRound(uint64_t &budget);
  void reportDeadlock();

  uint32_t quietRounds = 0;
  std::vector<uint32_t> order;
};

} // namespace sluice::sim
