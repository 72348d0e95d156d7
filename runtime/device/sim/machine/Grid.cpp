#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/Machine.h"
#include "runtime/device/sim/machine/Observer.h"
#include "runtime/device/sim/numerics/Approximate.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <random>
#include <thread>

namespace sluice::sim {
namespace {

/// A block that runs longer gets company, for it may wait for another one.
constexpr uint64_t kSlice = 500000;
constexpr size_t kMostResident = 128; // blocks of one worker
/// With a random schedule several blocks run at a time, in short turns.
constexpr size_t kMixedBlocks = 8;
constexpr uint32_t kMixedSlices = 10; // of powers of 2

/// A host thread: takes one block after another.
class Worker {
public:
  explicit Worker(Launch &launch)
      : launch(launch), observer(*launch.program), random(launch.options.seed),
        mixed(launch.options.schedule == Schedule::Random),
        wanted(mixed ? kMixedBlocks : 1) {}

  void run() {
    approximationSeed =
        launch.options.perturb ? std::max<uint64_t>(launch.options.seed, 1) : 0;
    runBlocks();
    approximationSeed = 0;
  }

  void runBlocks() {
    while (!launch.stop) {
      while (resident.size() < wanted && startBlock()) {
      }
      if (resident.empty())
        return;
      for (size_t i = 0; i < resident.size() && !launch.stop;) {
        uint64_t slice = mixed ? 1U << random() % kMixedSlices : kSlice;
        if (resident[i]->run(slice)) {
          observer.barrierWaits += resident[i]->barrierWaits;
          resident[i]->barrierWaits = 0;
          idle.push_back(std::move(resident[i]));
          resident.erase(resident.begin() + static_cast<ptrdiff_t>(i));
          sinceEnd = 0;
          if (!mixed)
            wanted = std::max<size_t>(resident.size(), 1);
        } else {
          sinceEnd += slice;
          ++i;
        }
        if (!withinLimits())
          return;
      }
      // Nobody has come to an end for long.
      if (!resident.empty() && sinceEnd >= kSlice * resident.size()) {
        sinceEnd = 0;
        wanted = std::min(resident.size() + 1, kMostResident);
      }
    }
  }

  Observer &counted() { return observer; }
  bool outOfMemory = false;

private:
  bool startBlock() {
    uint64_t index = launch.nextBlock.fetch_add(1);
    if (index >= launch.blockCount)
      return false;
    std::unique_ptr<Cta> cta;
    if (idle.empty()) {
      cta = std::make_unique<Cta>();
      cta->observer = &observer;
      if (!cta->prepare(launch)) {
        outOfMemory = true;
        launch.stop = true;
        return false;
      }
    } else {
      cta = std::move(idle.back());
      idle.pop_back();
    }
    cta->start(index);
    resident.push_back(std::move(cta));
    return true;
  }

  bool withinLimits() {
    const LaunchOptions &options = launch.options;
    std::unique_lock watching(launch.watching, std::defer_lock);
    if (options.watch && watching.try_lock() &&
        !options.watch(std::min<uint64_t>(launch.nextBlock, launch.blockCount),
                       launch.blockCount)) {
      launch.stop = true;
      return false;
    }
    Finding finding{};
    finding.kernel = launch.program->kernel->name;
    if (options.maxInstructions != 0 &&
        launch.instructions > options.maxInstructions) {
      finding.kind = FindingKind::InstructionLimit;
      finding.detail =
          fmt::format("more than {} warp instructions; is a loop endless?",
                      options.maxInstructions);
    } else if (options.timeoutSeconds > 0 &&
               std::chrono::steady_clock::now() > launch.deadline) {
      finding.kind = FindingKind::Timeout;
      finding.detail =
          fmt::format("not done after {} s", options.timeoutSeconds);
    } else {
      return true;
    }
    for (const auto &cta : resident)
      for (const Warp &warp : cta->warps)
        if (!warp.finished() && finding.detail.size() < 2000)
          finding.detail += fmt::format(
              "\n    block ({},{},{}) warp {}: {}", cta->block[0],
              cta->block[1], cta->block[2], warp.index, warp.describe());
    if (!launch.stop.exchange(true))
      launch.findings.add(std::move(finding));
    return false;
  }

  Launch &launch;
  Observer observer;
  std::vector<std::unique_ptr<Cta>> resident;
  std::vector<std::unique_ptr<Cta>> idle;
  std::mt19937 random;
  bool mixed;
  size_t wanted;         // blocks to have at a time
  uint64_t sinceEnd = 0; // instructions, about, since a block has ended
};

} // namespace

Status runGrid(Launch &launch) {
  if (launch.options.checks.any())
    launch.checks = std::make_shared<LaunchChecks>();
  uint64_t count = std::clamp<uint64_t>(launch.options.threads, 1, 256);
  count = std::min(count, launch.blockCount);
  std::vector<std::unique_ptr<Worker>> workers;
  for (uint64_t i = 0; i < count; ++i)
    workers.push_back(std::make_unique<Worker>(launch));
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i < count; ++i)
    threads.emplace_back([&, i] { workers[i]->run(); });
  workers[0]->run();
  for (std::thread &thread : threads)
    thread.join();
  for (const auto &worker : workers)
    if (worker->outOfMemory)
      return outOfMemory("expected host memory for the blocks of the launch");
  if (launch.options.counters) {
    Observer &all = workers[0]->counted();
    for (size_t i = 1; i < workers.size(); ++i)
      all.add(workers[i]->counted());
    launch.counters = summarise(*launch.program, all);
  }
  return {};
}

} // namespace sluice::sim
