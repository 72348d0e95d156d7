#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/Cta.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr uint32_t kAligned = 1;
constexpr uint32_t kCounted = 2; // b is a number of threads
constexpr uint32_t kWaits = 4;

/// What lanes say about a barrier; false, after a report, if it makes no sense.
bool readBarrier(Warp &w, const Instruction &i, LaneMask mask, uint32_t &id,
                 uint32_t &expected, uint32_t &threads) {
  bool aligned = (i.options & kAligned) != 0;
  if (aligned && mask != w.alive)
    w.report(FindingKind::DivergentBarrier, i, mask,
             fmt::format("lanes 0x{:08x} of the warp are not here",
                         w.alive & ~mask));
  int first = std::countr_zero(mask);
  const auto *ids = w.lanes<uint32_t>(i.a);
  const auto *counts = w.lanes<uint32_t>(i.b);
  id = ids[first];
  expected = (i.options & kCounted) != 0 ? counts[first] : 0;
  LaneMask agree = lanesWith(ids, id);
  if ((i.options & kCounted) != 0)
    agree &= lanesWith(counts, expected);
  if ((mask & ~agree) != 0)
    w.report(FindingKind::BarrierMisuse, i, mask,
             "lanes of the warp name different barriers or counts");
  if (id >= w.cta->barriers.size()) {
    w.report(FindingKind::BarrierMisuse, i, mask,
             fmt::format("expected barrier 0 to 15, found {}", id));
    return false;
  }
  if ((i.options & kCounted) != 0 &&
      (expected == 0 || expected % kWarpLanes != 0)) {
    w.report(
        FindingKind::BarrierMisuse, i, mask,
        fmt::format("expected a multiple of 32 threads, found {}", expected));
    return false;
  }
  // Counts are of whole warps.
  threads = static_cast<uint32_t>(std::popcount(mask));
  if (aligned && expected != 0)
    threads = kWarpLanes;
  return true;
}

void runBarrier(Warp &w, const Instruction &i, LaneMask mask) {
  uint32_t id;
  uint32_t expected;
  uint32_t threads;
  if (!readBarrier(w, i, mask, id, expected, threads))
    return;
  if ((i.options & kWaits) != 0)
    w.waitAtBarrier(id, mask);
  w.cta->arrive(w, i, id, mask, threads, expected);
}

enum class Reduction : uint32_t { Popc, And, Or };

template <Reduction Which>
void runBarrierReduce(Warp &w, const Instruction &i, LaneMask mask) {
  uint32_t id;
  uint32_t expected;
  uint32_t threads;
  if (!readBarrier(w, i, mask, id, expected, threads))
    return;
  LaneMask votes = w.source(i.c, i.pNegated) & mask;
  NamedBarrier &barrier = w.cta->barriers[id];
  if (!barrier.open)
    barrier.reduced = Which == Reduction::And ? 1 : 0;
  if (Which == Reduction::Popc)
    barrier.reduced += static_cast<uint32_t>(std::popcount(votes));
  else if (Which == Reduction::And)
    barrier.reduced &= votes == mask ? 1 : 0;
  else
    barrier.reduced |= votes != 0 ? 1 : 0;
  w.waitAtBarrier(id, mask);
  w.fragments.back().reduction = &i;
  w.cta->arrive(w, i, id, mask, threads, expected);
}

void runFence(Warp &w, const Instruction &i, LaneMask mask) {
  if (w.cta->checks != nullptr)
    w.cta->checks->clocks.fence(w.index, mask, i.acquires, i.releases);
}

} // namespace

void Warp::releaseBarrier(uint32_t id) {
  for (Fragment &fragment : fragments) {
    if (fragment.state != Fragment::State::AtBarrier || fragment.id != id)
      continue;
    fragment.state = Fragment::State::Ready;
    if (cta->checks != nullptr)
      cta->checks->passed(*this, id);
    if (fragment.reduction == nullptr)
      continue;
    const Instruction &i = *fragment.reduction;
    uint32_t result = cta->barriers[id].result;
    if (i.p != kNone)
      setPredicate(i.p, result != 0 ? kAllLanes : 0, fragment.mask);
    else
      for (LaneMask rest = fragment.mask; rest != 0; rest &= rest - 1)
        lanes<uint32_t>(i.d)[std::countr_zero(rest)] = result;
    fragment.reduction = nullptr;
  }
}

bool bindBarrier(Binder &b) {
  bool aligned = b.name() == "bar" || b.has("aligned");
  b.out.options = (aligned ? kAligned : 0) |
                  (b.operand(1).present ? kCounted : 0) |
                  (b.has("sync") ? kWaits : 0);
  b.use(&runBarrier);
  return true;
}

bool bindBarrierReduce(Binder &b) {
  bool aligned = b.name() == "bar" || b.has("aligned");
  const BoundOperand &last = b.operands.back();
  b.out.options =
      (aligned ? kAligned : 0) | (b.operands.size() == 4 ? kCounted : 0);
  // c holds the predicate that is reduced, p or d the result.
  b.out.c = last.offset;
  b.out.pNegated = last.negated;
  if (b.has("popc"))
    b.out.p = kNone;
  b.use(b.has("popc")  ? &runBarrierReduce<Reduction::Popc>
        : b.has("and") ? &runBarrierReduce<Reduction::And>
                       : &runBarrierReduce<Reduction::Or>);
  return true;
}

bool bindFence(Binder &b) {
  b.out.acquires = !b.has("release");
  b.out.releases = !b.has("acquire");
  b.use(&runFence);
  return true;
}

} // namespace sluice::sim
