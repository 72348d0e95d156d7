#include "runtime/device/sim/machine/Cta.h"

#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/AsyncCopies.h"
#include "runtime/device/sim/machine/Observer.h"
#include "runtime/device/sim/memory/Windows.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr uint64_t kTurn = 20000; // instructions of a warp at a time
/// Rounds in which nobody did more than look whether it may go on.
constexpr uint32_t kQuietBeforeLate = 2;
constexpr uint32_t kQuietBeforeDeadlock = 1000;

uint64_t scrambled(uint64_t x) { // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

} // namespace

Cta::Cta() = default;
Cta::~Cta() = default;

bool Cta::prepare(Launch &theLaunch) {
  launch = &theLaunch;
  shared = alignedBytes(std::max<uint64_t>(launch->sharedBytes, 64));
  if (shared == nullptr)
    return false;
  recent.assign(launch->program->code.size(), nullptr);
  warps.resize(launch->warps);
  order.resize(launch->warps);
  for (uint32_t i = 0; i < launch->warps; ++i)
    if (!warps[i].prepare(theLaunch, *this, i))
      return false;
  return true;
}

void Cta::start(uint64_t theIndex) {
  index = theIndex;
  block[0] = static_cast<uint32_t>(index % launch->blocks[0]);
  block[1] =
      static_cast<uint32_t>(index / launch->blocks[0] % launch->blocks[1]);
  block[2] =
      static_cast<uint32_t>(index / launch->blocks[0] / launch->blocks[1]);
  randomState = scrambled(launch->options.seed ^ scrambled(index));
  // What nobody has written is not zero: bytes that are NaN in every format.
  std::memset(shared.get(), 0xff, launch->sharedBytes);
  barriers.fill({});
  async.reset();
  if (launch->options.checks.any())
    checks = std::make_unique<BlockChecks>(*this, *launch->checks);
  alive = launch->blockThreads;
  quietRounds = 0;
  for (uint32_t i = 0; i < launch->warps; ++i) {
    order[i] = i;
    warps[i].start();
  }
  // Producers are warp 0 or the last ones; whoever they are, let both be slow.
  if (launch->options.schedule == Schedule::ProducerLast)
    std::reverse(order.begin(), order.end());
}

uint32_t Cta::random() {
  randomState = scrambled(randomState);
  return static_cast<uint32_t>(randomState >> 32);
}

bool Cta::runRound(uint64_t &budget) {
  bool progress = false;
  Schedule schedule = launch->options.schedule;
  for (uint32_t at = 0; at < order.size(); ++at) {
    uint32_t which = order[at];
    uint64_t turn = kTurn;
    if (schedule == Schedule::Random) {
      which = random() % static_cast<uint32_t>(order.size());
      turn = 1 + random() % 64;
    }
    Warp &warp = warps[which];
    if (!warp.canRun())
      continue;
    uint64_t before = launch->instructions.load(std::memory_order_relaxed);
    warp.run(turn);
    uint64_t ran =
        launch->instructions.load(std::memory_order_relaxed) - before;
    budget -= std::min(budget, std::max<uint64_t>(ran, 1));
    warp.sinceYield = warp.yielded ? 0 : warp.sinceYield + ran;
    // A short turn may have been the rest of a loop that only waits.
    progress |= !warp.yielded && (warp.sinceYield > 64 || !warp.canRun());
    if (launch->stop)
      return true;
    // The others only when nobody before them can go on.
    if (schedule == Schedule::ProducerLast && !warp.yielded &&
        std::any_of(order.begin(), order.begin() + at,
                    [&](uint32_t i) { return warps[i].canRun(); }))
      break;
  }
  return progress;
}

bool Cta::run(uint64_t instructions) {
  uint64_t budget = instructions;
  while (alive != 0 && budget != 0 && !launch->stop) {
    bool runnable = std::any_of(warps.begin(), warps.end(),
                                [](const Warp &w) { return w.canRun(); });
    bool progress = runnable && runRound(budget);
    if (progress)
      quietRounds = 0;
    if (progress || alive == 0 || launch->stop)
      continue;
    ++quietRounds;
    if (async != nullptr && (!runnable || quietRounds >= kQuietBeforeLate) &&
        async->completeOne()) {
      quietRounds = 0;
      continue;
    }
    if (!runnable || quietRounds > kQuietBeforeDeadlock) {
      reportDeadlock();
      return true;
    }
  }
  return alive == 0;
}

void Cta::arrive(Warp &warp, const Instruction &instruction, uint32_t id,
                 LaneMask lanes, uint32_t threads, uint32_t expected) {
  NamedBarrier &barrier = barriers[id];
  if (barrier.open && barrier.expected != expected)
    warp.report(FindingKind::BarrierMisuse, instruction, lanes,
                fmt::format("barrier {} expects {} threads here and {} "
                            "elsewhere",
                            id, expected, barrier.expected));
  barrier.open = true;
  barrier.expected = expected;
  if (checks != nullptr)
    checks->arrived(warp, id);
  barrier.arrived += threads;
  uint32_t wanted = expected != 0 ? expected : alive;
  if (barrier.arrived > wanted)
    warp.report(FindingKind::BarrierMisuse, instruction, lanes,
                fmt::format("{} threads have come to barrier {}, which expects "
                            "{}",
                            barrier.arrived, id, wanted));
  if (barrier.arrived >= wanted)
    complete(id);
  else
    ++barrierWaits;
}

void Cta::complete(uint32_t id) {
  NamedBarrier &barrier = barriers[id];
  barrier.result = barrier.reduced;
  barrier.reduced = 0;
  barrier.arrived = 0;
  barrier.open = false;
  for (Warp &warp : warps)
    warp.releaseBarrier(id);
  if (checks != nullptr)
    checks->completed(id);
}

void Cta::threadsExited(uint32_t count) {
  alive -= count;
  for (uint32_t id = 0; id < barriers.size(); ++id)
    if (barriers[id].open && barriers[id].expected == 0 &&
        barriers[id].arrived >= alive)
      complete(id);
}

void Cta::reportDeadlock() {
  const Program &program = *launch->program;
  // A warp of which some lanes wait for others that cannot come is the cause,
  // if there is one.
  for (Warp &warp : warps)
    for (const Fragment &fragment : warp.fragments)
      if (fragment.state == Fragment::State::Gathering)
        warp.report(
            FindingKind::DivergentCollective, *fragment.pc, fragment.executing,
            fmt::format("lanes 0x{:08x} never come: {}",
                        fragment.members & warp.alive & ~fragment.executing,
                        warp.describe()));
  Finding finding{};
  finding.kind = FindingKind::Deadlock;
  finding.kernel = program.kernel->name;
  for (int i = 0; i < 3; ++i)
    finding.block[i] = block[i];
  finding.detail = fmt::format("no warp of block ({},{},{}) can go on",
                               block[0], block[1], block[2]);
  for (const Warp &warp : warps)
    if (!warp.finished())
      finding.detail +=
          fmt::format("\n    warp {}: {}", warp.index, warp.describe());
  launch->findings.add(std::move(finding));
  launch->stop = true;
}

} // namespace sluice::sim
