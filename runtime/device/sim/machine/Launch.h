#pragma once

#include "runtime/device/sim/Simulator.h"
#include "runtime/device/sim/machine/PrintFormat.h"
#include "runtime/device/sim/program/Program.h"

#include <atomic>
#include <chrono>
#include <mutex>

namespace sluice::sim {

/// A grid that runs: what all its threads share. Read-only but for atomics.
struct LaunchChecks;

struct Launch {
  const Program *program = nullptr;
  GlobalMemory *memory = nullptr;
  LaunchOptions options;
  uint32_t blocks[3] = {};
  uint32_t threads[3] = {};
  uint32_t blockThreads = 0;
  uint32_t warps = 0; // of a block
  uint64_t blockCount = 0;
  uint64_t dynamicShared = 0;
  uint64_t sharedBytes = 0; // end of the shared window, from 0
  std::vector<std::byte> parameters;
  bool checked = false; // run Instruction::checked

  std::shared_ptr<LaunchChecks> checks; // if there are any
  Findings findings;
  std::atomic<uint64_t> instructions{0};
  std::atomic<uint64_t> nextBlock{0};
  std::atomic<bool> stop{false};
  std::mutex watching; // held by who calls LaunchOptions::watch
  std::chrono::steady_clock::time_point deadline;
  Printed printed;
  Counters counters; // after the run, if asked for
};

} // namespace sluice::sim
