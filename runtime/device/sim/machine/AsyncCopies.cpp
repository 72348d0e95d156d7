#include "runtime/device/sim/machine/AsyncCopies.h"

#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/MemoryEvents.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {

AsyncCopies::AsyncCopies(Cta &cta)
    : cta(cta), committed(cta.warps.size() * kWarpLanes),
      flights((cta.launch->sharedBytes + 3) / 4 + 4) {}

namespace {

/// memset and memcpy of the sizes that copies have, without a call.
void fillBytes(std::byte *to, int value, uint32_t bytes) {
  if (bytes == 16)
    std::memset(to, value, 16);
  else
    std::memset(to, value, bytes);
}
void moveBytes(std::byte *to, const AsyncCopies::Copy &copy, int lane) {
  uint32_t bytes = copy.sourceBytes[lane];
  if (bytes == 16) {
    std::memcpy(to, copy.hosts[lane], 16);
    return;
  }
  fillBytes(to, 0, copy.bytes);
  if (bytes != 0)
    std::memcpy(to, copy.hosts[lane], bytes);
}

} // namespace

void AsyncCopies::issue(const Copy &issued) {
  Copy &copy = copies.emplace_back(issued);
  const uint64_t *groups = committed.data() + uint64_t{copy.warp} * kWarpLanes;
  std::copy(groups, groups + kWarpLanes, copy.groups);
  AsyncMode mode = cta.launch->options.async;
  bool now = mode == AsyncMode::Early ||
             (mode == AsyncMode::Random && cta.random() % 2 != 0);
  for (LaneMask rest = copy.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    // Bytes that are a NaN in every format, until the copy is done.
    fillBytes(cta.shared.get() + copy.targets[lane], 0xff, copy.bytes);
  }
  countFlights(copy, copy.lanes, 1);
  // What is done early is in flight for the checks all the same.
  if (now)
    for (LaneMask rest = copy.lanes; rest != 0; rest &= rest - 1) {
      int lane = std::countr_zero(rest);
      moveBytes(cta.shared.get() + copy.targets[lane], copy, lane);
    }
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
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    moveBytes(cta.shared.get() + copy.targets[lane], copy, lane);
  }
  countFlights(copy, lanes, -1);
  copy.lanes &= ~lanes;
  if (cta.launch->checked)
    copied(cta.warps[copy.warp], *copy.instruction, lanes, copy.targets,
           copy.sources, copy.sourceBytes, copy.bytes);
}

void AsyncCopies::dropDone() {
  while (firstPending < copies.size() && copies[firstPending].lanes == 0)
    ++firstPending;
  // Not each time: what is pending has to move.
  if (firstPending * 2 >= copies.size()) {
    copies.erase(copies.begin(),
                 copies.begin() + static_cast<ptrdiff_t>(firstPending));
    firstPending = 0;
  }
}

void AsyncCopies::wait(Warp &w, LaneMask lanes, uint64_t newest) {
  const uint64_t *groups = committed.data() + uint64_t{w.index} * kWarpLanes;
  for (Copy &copy : pending()) {
    if (copy.warp != w.index || (copy.lanes & lanes) == 0)
      continue;
    LaneMask done = copy.lanes & lanes;
    if (newest != ~uint64_t{0})
      done &= maskOf(
          [&](int lane) { return copy.groups[lane] + newest < groups[lane]; });
    if (done != 0)
      complete(copy, done);
  }
  dropDone();
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
  for (Copy &copy : pending())
    if (copy.warp == arrival.warp && (copy.lanes >> arrival.lane & 1) != 0 &&
        copy.groups[arrival.lane] <= arrival.group)
      complete(copy, LaneMask{1} << arrival.lane);
  dropDone();
  Warp &w = cta.warps[arrival.warp];
  auto found = mbarriers.find(arrival.address);
  if (found == mbarriers.end())
    return;
  if (cta.launch->checked)
    mbarrierArrived(w, arrival.lane, found->second);
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

const AsyncCopies::Copy *AsyncCopies::inFlight(uint64_t address,
                                               uint64_t bytes) const {
  if (outstanding == 0)
    return nullptr;
  bool any = false;
  for (uint64_t at = address / 4; at * 4 < address + bytes; ++at)
    any |= flights[at] != 0;
  if (!any)
    return nullptr;
  for (const Copy &copy : pending())
    for (LaneMask rest = copy.lanes; rest != 0; rest &= rest - 1) {
      uint64_t target = copy.targets[std::countr_zero(rest)];
      if (target < address + bytes && address < target + copy.bytes)
        return &copy;
    }
  return nullptr;
}

bool AsyncCopies::isMbarrier(uint64_t address, uint64_t bytes) const {
  auto next = mbarriers.lower_bound(address >= 7 ? address - 7 : 0);
  return next != mbarriers.end() && next->first < address + bytes;
}

} // namespace sluice::sim
