#include "runtime/device/sim/check/Clocks.h"

#include <algorithm>
#include <bit>

namespace sluice::sim {

BlockTimes joined(const BlockTimes &a, const BlockTimes &b) {
  if (a == nullptr || a == b)
    return b;
  if (b == nullptr)
    return a;
  auto result = std::make_shared<std::map<uint32_t, uint32_t>>(*a);
  for (auto [block, time] : *b) {
    uint32_t &mine = (*result)[block];
    mine = std::max(mine, time);
  }
  return result;
}

void Seen::join(const Seen &other) {
  all = std::max(all, other.all);
  some = std::max(some, other.some);
  lanes |= other.lanes;
  if (lanes == ~0U)
    all = std::max(all, some);
}

Clocks::Clocks(uint32_t warps, uint32_t block)
    : count(warps), theBlock(block), known(size_t{warps} * warps), met(warps),
      gathered(warps), lanes(warps), blocks(warps), fenced(warps),
      observed(warps), fencedClock(warps), observedClock(warps) {}

bool Clocks::knows(uint32_t warp, uint32_t other, uint32_t lane,
                   uint32_t when) const {
  const Seen &seen = known[warp * count + other];
  if (when < seen.all)
    return true;
  // Which the several are is not kept: one lane is not all of them.
  bool among =
      lane < 32 ? (seen.lanes >> lane & 1) != 0 : std::popcount(seen.lanes) > 1;
  return among && when < seen.some;
}

bool Clocks::knowsLane(uint32_t warp, uint32_t lane, uint32_t other,
                       uint32_t when) const {
  return when < met[warp] || (lanes[warp] != nullptr && other < 32 &&
                              when < lanes[warp]->known[lane][other]);
}

bool Clocks::knowsBlock(uint32_t warp, uint32_t block, uint32_t when) const {
  if (blocks[warp] == nullptr)
    return false;
  auto found = blocks[warp]->find(block);
  return found != blocks[warp]->end() && when < found->second;
}

void Clocks::lanesMeet(uint32_t warp, uint32_t mask, uint32_t all) {
  ++time;
  if ((mask & all) == all) {
    met[warp] = time;
    return;
  }
  if (lanes[warp] == nullptr)
    lanes[warp] = std::make_unique<Lanes>();
  auto &table = lanes[warp]->known;
  uint32_t together[32] = {};
  for (uint32_t lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) != 0)
      for (uint32_t other = 0; other < 32; ++other)
        together[other] = (mask >> other & 1) != 0
                              ? time
                              : std::max(together[other], table[lane][other]);
  for (uint32_t lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) != 0)
      std::copy(together, together + 32, table[lane]);
}

void Clocks::publish(uint32_t warp, const Seen &own, Clock &clock) {
  clock.warps.resize(count);
  for (uint32_t other = 0; other < count; ++other)
    clock.warps[other].join(other == warp ? own : known[warp * count + other]);
  clock.blocks = joined(clock.blocks, blocks[warp]);
}

void Clocks::release(uint32_t warp, Clock &clock) {
  known[warp * count + warp] = {++time, 0, 0};
  publish(warp, known[warp * count + warp], clock);
}

void Clocks::releaseLane(uint32_t warp, uint32_t lane, Clock &clock) {
  Seen own{known[warp * count + warp].all, ++time, 1U << lane};
  own.all = std::max({own.all, met[warp], gathered[warp]});
  if (lanes[warp] != nullptr)
    for (uint32_t other = 0; other < 32; ++other)
      if (lanes[warp]->known[lane][other] > own.all)
        own.lanes |= 1U << other;
  publish(warp, own, clock);
}

void Clocks::acquire(uint32_t warp, const Clock &clock) {
  for (uint32_t other = 0; other < clock.warps.size(); ++other)
    known[warp * count + other].join(clock.warps[other]);
  // Its own lanes know of each other what the barrier knew of them.
  if (warp < clock.warps.size()) {
    met[warp] = std::max(met[warp], clock.warps[warp].all);
    learnLanes(warp, clock.warps[warp]);
  }
  blocks[warp] = joined(blocks[warp], clock.blocks);
}

void Clocks::learnLanes(uint32_t warp, const Seen &seen) {
  if (seen.some <= met[warp])
    return;
  if (lanes[warp] == nullptr)
    lanes[warp] = std::make_unique<Lanes>();
  for (auto &mine : lanes[warp]->known)
    for (uint32_t rest = seen.lanes; rest != 0; rest &= rest - 1) {
      uint32_t &when = mine[std::countr_zero(rest)];
      when = std::max(when, seen.some);
    }
}

void Clocks::fence(uint32_t warp, uint32_t mask, bool acquires, bool releases) {
  ++time;
  if (acquires) {
    learn(warp, observed[warp]);
    acquire(warp, observedClock[warp]);
  }
  if (!releases)
    return;
  Seen own = known[warp * count + warp];
  own.join({mask == ~0U ? time : 0, time, mask});
  publish(warp, own, fencedClock[warp]);
  auto mine = std::make_shared<std::map<uint32_t, uint32_t>>();
  (*mine)[theBlock] = time;
  fenced[warp] = joined(std::move(mine), blocks[warp]);
}

void Clocks::learn(uint32_t warp, const BlockTimes &times) {
  if (times == nullptr)
    return;
  blocks[warp] = joined(blocks[warp], times);
  // Of its own block, it knows all that was done before.
  if (auto own = times->find(theBlock); own != times->end()) {
    for (uint32_t other = 0; other < count; ++other)
      known[warp * count + other].join({own->second, 0, 0});
    met[warp] = std::max(met[warp], own->second);
  }
}

void Clocks::join(Clock &clock, const Clock &other) {
  clock.warps.resize(std::max(clock.warps.size(), other.warps.size()));
  for (size_t i = 0; i < other.warps.size(); ++i)
    clock.warps[i].join(other.warps[i]);
  clock.blocks = joined(clock.blocks, other.blocks);
}

void Clocks::arriveRelaxed(uint32_t warp, Clock &clock) const {
  join(clock, fencedClock[warp]);
}

void Clocks::passRelaxed(uint32_t warp, const Clock &clock) {
  join(observedClock[warp], clock);
}

void Clocks::strongWrite(uint32_t warp, BlockTimes &object, bool releases) {
  if (releases)
    fence(warp, ~0U, /*acquires=*/false, /*releases=*/true);
  object = joined(object, fenced[warp]);
}

void Clocks::strongRead(uint32_t warp, const BlockTimes &object,
                        bool acquires) {
  if (acquires)
    learn(warp, object);
  else
    observed[warp] = joined(observed[warp], object);
}

} // namespace sluice::sim
