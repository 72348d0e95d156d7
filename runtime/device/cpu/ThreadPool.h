#pragma once

#include "runtime/base/Status.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace sluice {

/// What a CPU entry of a plan is.
using BlockFunction = void (*)(const uint64_t *args, uint32_t x, uint32_t y,
                               uint32_t z, void *scratch);

/// A grid of blocks to run: x counts fastest.
struct BlockGrid {
  BlockFunction function;
  const uint64_t *args;
  uint32_t x, y, z; // blocks, each >= 1; their product fits 64 bits
};

/// Runs the blocks of a grid on a fixed number of threads, the caller one of
/// them. Thread t of n begins with the t-th of n contiguous ranges, so that a
/// block mostly lands on the same thread every step; one that is done takes
/// from the others', as blocks may differ in work. Between two grids the
/// threads wait for work: they look for it for at most 50 microseconds, then
/// sleep.
class ThreadPool {
public:
  static constexpr unsigned maxThreads = 1024;

  /// `threads` counts the caller. Errors: InvalidArgument if it is not 1 to
  /// maxThreads; OutOfMemory if the system has no more threads.
  static Result<std::unique_ptr<ThreadPool>> create(unsigned threads);
  ~ThreadPool();

  unsigned threads() const { return static_cast<unsigned>(members.size()); }

  /// Gives each thread `bytes` bytes of scratch of its own, at a multiple of
  /// 64. Not while a grid runs.
  Status reserveScratch(size_t bytes);
  size_t scratchBytes() const { return theScratchBytes; } // of one thread

  /// Runs all blocks of `grid` and returns when all are done: a barrier. What
  /// the blocks wrote is visible to the caller and to later blocks. Blocks find
  /// floating-point rounding and denormals as a program begins with them,
  /// whatever the caller has set. Does not allocate. One caller at a time.
  void run(const BlockGrid &grid);

private:
  /// One thread. The words that poster and worker write lie in cache lines of
  /// their own.
  struct Member {
    alignas(64) std::atomic<uint32_t> posted{0};   // number of the last grid
    std::atomic<uint32_t> workerSleeps{0};         // on `posted`
    alignas(64) std::atomic<uint32_t> finished{0}; // number of the last grid
    std::atomic<uint32_t> callerSleeps{0};         // on `finished`
    alignas(64) std::atomic<uint64_t> next{0};     // block of its range to take
    uint64_t end = 0;                              // of its range
    alignas(64) void *scratch = nullptr;
    std::thread thread; // none for the caller, member 0
  };

  ThreadPool() = default;
  void work(unsigned index);
  void runShare(unsigned index);
  void runRange(unsigned index, uint64_t begin, uint64_t end) const;
  void post(Member &member);
  void freeScratch();

  std::vector<std::unique_ptr<Member>> members;
  size_t theScratchBytes = 0;
  BlockGrid job{};         // read by those it was posted to; null: stop
  unsigned jobThreads = 0; // that take part in the job
  uint64_t jobChunk = 1;   // blocks to take at once
  uint32_t jobNumber = 0;  // wraps around
};

} // namespace sluice
