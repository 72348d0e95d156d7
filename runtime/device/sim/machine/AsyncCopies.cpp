#include "runtime/device/sim/machine/AsyncCopies.h"

#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/MemoryEvents.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {

AsyncCopies::AsyncCopies(Cta &cta)
    : cta(cta), queues(cta.warps.size()),
      committed(cta.warps.size() * kWarpLanes),
      flights((cta.launch->sharedBytes + 3) / 4 + 4) {}

void AsyncCopies::Queue::grow() {
  std::vector<Copy> larger(std::max<size_t>(ring.size() * 2, 4));
  for (size_t i = first; i != end; ++i)
    larger[i - first] = at(i);
  ring = std::move(larger);
  end -= first;
  first = 0;
}

const AsyncCopies::Copy *AsyncCopies::Queue::find(uint64_t address,
                                                  uint64_t bytes) const {
  for (size_t i = first; i != end; ++i)
    for (LaneMask rest = at(i).lanes; rest != 0; rest &= rest - 1) {
      uint64_t target = at(i).targets[std::countr_zero(rest)];
      if (target < address + bytes && address < target + at(i).bytes)
        return &at(i);
    }
  return nullptr;
}

namespace {

/// What the lanes will write becomes a NaN in every format.
void poison(std::byte *shared, const AsyncCopies::Copy &copy) {
  if (copy.bytes == 16)
    forLanes(copy.lanes, [&](int lane) {
      std::memset(shared + copy.targets[lane], 0xff, 16);
    });
  else
    forLanes(copy.lanes, [&](int lane) {
      std::memset(shared + copy.targets[lane], 0xff, copy.bytes);
    });
}

void move(std::byte *shared, const AsyncCopies::Copy &copy, LaneMask lanes) {
  if (copy.whole && copy.bytes == 16) {
    forLanes(lanes, [&](int lane) {
      std::memcpy(shared + copy.targets[lane], copy.hosts[lane], 16);
    });
    return;
  }
  forLanes(lanes, [&](int lane) {
    std::byte *to = shared + copy.targets[lane];
    std::memset(to, 0, copy.bytes);
    if (copy.sourceBytes[lane] != 0)
      std::memcpy(to, copy.hosts[lane], copy.sourceBytes[lane]);
  });
}

/// Lanes whose group is older than their last `newest` ones.
SLUICE_SIM_MULTIVERSION LaneMask olderLanes(const uint64_t *groups,
                                            const uint64_t *committed,
                                            uint64_t newest) {
  return maskOf([=](int lane) __attribute__((always_inline)) {
    return groups[lane] + newest < committed[lane];
  });
}

} // namespace

AsyncCopies::Copy &AsyncCopies::next(uint32_t warp) {
  Copy &copy = queues[warp].next();
  copy.warp = warp;
  return copy;
}

void AsyncCopies::issue(Copy &copy) {
  queues[copy.warp].issued();
  std::copy_n(committed.data() + uint64_t{copy.warp} * kWarpLanes, kWarpLanes,
              copy.groups);
  AsyncMode mode = cta.launch->options.async;
  bool now = mode == AsyncMode::Early ||
             (mode == AsyncMode::Random && cta.random() % 2 != 0);
  poison(cta.shared.get(), copy);
  countFlights(copy, copy.lanes, 1);
  // What is done early is in flight for the checks all the same.
  if (now)
    move(cta.shared.get(), copy, copy.lanes);
}

void AsyncCopies::countFlights(const Copy &copy, LaneMask lanes, int by) {
  if (!cta.launch->options.checks.inFlight)
    return;
  outstanding += static_cast<uint64_t>(by * std::popcount(lanes));
  for (; lanes != 0; lanes &= lanes - 1) {
    uint64_t address = copy.targets[std::countr_zero(lanes)];
    for (uint64_t at = address / 4; at * 4 < address + copy.bytes; ++at)
      flights[at] = static_cast<uint8_t>(flights[at] + by);
  }
}

void AsyncCopies::commit(uint32_t warp, LaneMask lanes) {
  for (; lanes != 0; lanes &= lanes - 1)
    ++committed[warp * kWarpLanes +
                static_cast<uint32_t>(std::countr_zero(lanes))];
}

void AsyncCopies::complete(Copy &copy, LaneMask lanes) {
  move(cta.shared.get(), copy, lanes);
  countFlights(copy, lanes, -1);
  copy.lanes &= ~lanes;
  if (cta.launch->checked)
    copied(cta.warps[copy.warp], *copy.instruction, lanes, copy.targets,
           copy.sources, copy.sourceBytes, copy.bytes);
}

void AsyncCopies::wait(Warp &w, LaneMask lanes, uint64_t newest) {
  const uint64_t *groups = committed.data() + uint64_t{w.index} * kWarpLanes;
  Queue &queue = queues[w.index];
  queue.forEach([&](Copy &copy) {
    LaneMask done = copy.lanes & lanes;
    if (done != 0 && newest != ~uint64_t{0})
      done &= olderLanes(copy.groups, groups, newest);
    if (done != 0)
      complete(copy, done);
  });
  queue.dropDone();
}

void AsyncCopies::arriveLater(Warp &w, const Instruction &i, LaneMask lanes,
                              const uint64_t *addresses, bool counted) {
  for (; lanes != 0; lanes &= lanes - 1) {
    int lane = std::countr_zero(lanes);
    Mbarrier *barrier = find(w, i, lane, addresses[lane]);
    if (barrier == nullptr)
      continue;
    if (!counted)
      ++barrier->pending;
    uint64_t group =
        committed[w.index * kWarpLanes + static_cast<uint32_t>(lane)];
    arrivals.push_back({w.index, &i, lane, addresses[lane], group});
  }
  if (cta.launch->options.async == AsyncMode::Early)
    while (completeOne()) {
    }
}

bool AsyncCopies::completeOne() {
  if (arrivals.empty())
    return false;
  size_t which = 0;
  if (cta.launch->options.async == AsyncMode::Random)
    which = cta.random() % arrivals.size();
  Arrival arrival = arrivals[which];
  arrivals.erase(arrivals.begin() + static_cast<ptrdiff_t>(which));
  finish(arrival);
  return true;
}

void AsyncCopies::finish(Arrival arrival) {
  Queue &queue = queues[arrival.warp];
  queue.forEach([&](Copy &copy) {
    if ((copy.lanes >> arrival.lane & 1) != 0 &&
        copy.groups[arrival.lane] <= arrival.group)
      complete(copy, LaneMask{1} << arrival.lane);
  });
  queue.dropDone();
  Warp &w = cta.warps[arrival.warp];
  auto found = mbarriers.find(arrival.address);
  if (found == mbarriers.end())
    return;
  if (cta.launch->checked)
    mbarrierArrived(w, arrival.lane, found->second, /*relaxed=*/false);
  arrive(w, *arrival.instruction, arrival.lane, found->second, 1);
}

void AsyncCopies::init(Warp &w, const Instruction &i, int lane,
                       uint64_t address, uint32_t count) {
  if (count == 0 || count > 0xfffff) {
    w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
             fmt::format("expected 1 to 1048575 arrivals, found {}", count));
    return;
  }
  Mbarrier barrier;
  barrier.expected = barrier.pending = count;
  auto [slot, fresh] = mbarriers.emplace(address, barrier);
  if (!fresh)
    w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
             fmt::format("the mbarrier at shared address {} is initialised "
                         "again without mbarrier.inval",
                         address));
  slot->second = barrier;
}

void AsyncCopies::invalidate(Warp &w, const Instruction &i, int lane,
                             uint64_t address) {
  if (find(w, i, lane, address) != nullptr)
    mbarriers.erase(address);
}

Mbarrier *AsyncCopies::find(Warp &w, const Instruction &i, int lane,
                            uint64_t address) {
  auto found = mbarriers.find(address);
  if (found != mbarriers.end())
    return &found->second;
  w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
           fmt::format("there is no mbarrier at shared address {}: no "
                       "mbarrier.init has run",
                       address));
  return nullptr;
}

void AsyncCopies::arrive(Warp &w, const Instruction &i, int lane,
                         Mbarrier &barrier, uint32_t count) {
  if (count > barrier.pending) {
    w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
             fmt::format("{} arrivals at an mbarrier that expects {} more in "
                         "phase {}",
                         count, barrier.pending, barrier.phase));
    count = barrier.pending;
  }
  barrier.pending -= count;
  if (barrier.pending == 0) {
    ++barrier.phase;
    barrier.pending = barrier.expected;
  }
}

const AsyncCopies::Copy *AsyncCopies::findInFlight(uint64_t address,
                                                   uint64_t bytes) const {
  for (const Queue &queue : queues)
    if (const Copy *copy = queue.find(address, bytes))
      return copy;
  return nullptr;
}

bool AsyncCopies::isMbarrier(uint64_t address, uint64_t bytes) const {
  auto next = mbarriers.lower_bound(address >= 7 ? address - 7 : 0);
  return next != mbarriers.end() && next->first < address + bytes;
}

} // namespace sluice::sim
