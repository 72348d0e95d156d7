#include "runtime/device/sim/check/BlockChecks.h"

#include "runtime/device/sim/machine/AsyncCopies.h"
#include "runtime/device/sim/machine/Cta.h"

namespace sluice::sim {

void BlockChecks::copyStarted(Warp &w, const Instruction &i,
                              const Places &targets, uint32_t bytes) {
  checkFlight(w, i, targets, bytes);
  checkOrder(w, i, targets, bytes, true, false);
  if (on.uninitialised)
    for (LaneMask rest = targets.lanes; rest != 0; rest &= rest - 1)
      sharedWritten.set(targets.addresses[std::countr_zero(rest)], bytes,
                        false);
}

void BlockChecks::copied(Warp &w, const Instruction &i, LaneMask lanes,
                         const uint64_t *targets, const uint64_t *sources,
                         const uint8_t *sourceBytes, uint32_t bytes) {
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    if (on.uninitialised)
      sharedWritten.set(targets[lane], bytes, true);
    if (!on.races)
      continue;
    // It was checked when it was issued; it is done now.
    shared.overwrite(targets[lane], bytes, recordOf(w, i, lane, true, false));
    if (sourceBytes[lane] != 0)
      orderOf(w, i, Space::Global, lane, sources[lane], sourceBytes[lane],
              false, false);
  }
}

void BlockChecks::mbarrierMade(Warp &w, const Instruction &i, int lane,
                               uint64_t address) {
  if (on.uninitialised)
    sharedWritten.set(address, 8, true);
  if (on.races)
    orderOf(w, i, Space::Shared, lane, address, 8, true, false);
}

void BlockChecks::mbarrierUsed(Warp &w, const Instruction &i, int lane,
                               uint64_t address) {
  if (on.races)
    orderOf(w, i, Space::Shared, lane, address, 8, false, true);
}

Clock &BlockChecks::clockOf(Mbarrier &barrier) {
  if (barrier.checks == 0) {
    mbarriers.emplace_back();
    barrier.checks = mbarriers.size();
  }
  return mbarriers[barrier.checks - 1];
}

void BlockChecks::mbarrierArrived(Warp &w, int lane, Mbarrier &barrier,
                                  bool relaxed) {
  if (relaxed)
    clocks.arriveRelaxed(w.index, clockOf(barrier));
  else
    clocks.releaseLane(w.index, static_cast<uint32_t>(lane), clockOf(barrier));
}

void BlockChecks::mbarrierPassed(Warp &w, Mbarrier &barrier, bool relaxed) {
  if (relaxed)
    clocks.passRelaxed(w.index, clockOf(barrier));
  else
    clocks.acquire(w.index, clockOf(barrier));
}

void BlockChecks::arrived(Warp &w, uint32_t barrier) {
  clocks.release(w.index, barriers[barrier]);
}

void BlockChecks::passed(Warp &w, uint32_t barrier) {
  clocks.acquire(w.index, barriers[barrier]);
}

} // namespace sluice::sim
