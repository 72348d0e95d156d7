#include "runtime/device/sim/machine/AsyncCopies.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"

namespace sluice::sim {
namespace {

// A phase token holds the phase and, in its lowest 20 bits, what was pending.
constexpr int kPendingBits = 20;

AsyncCopies &asyncOf(Warp &w) {
  Cta &cta = *w.cta;
  if (cta.async == nullptr)
    cta.async = std::make_unique<AsyncCopies>(cta);
  return *cta.async;
}

/// Calls f(lane, address) for lanes that point at 8 bytes of shared memory.
template <typename F>
void forEachObject(Warp &w, const Instruction &i, LaneMask mask, F f) {
  forEachPiece(w, i, AddressOperand::of(i), mask, {Access::Atomic, 8, 8},
               [&](const Places &places) {
                 if (places.space != Space::Shared) {
                   w.report(FindingKind::BarrierMisuse, i, places.lanes,
                            "expected an mbarrier in shared memory");
                   return;
                 }
                 for (LaneMask rest = places.lanes; rest != 0;
                      rest &= rest - 1) {
                   int lane = std::countr_zero(rest);
                   f(lane, places.addresses[lane]);
                 }
               });
}

void runInit(Warp &w, const Instruction &i, LaneMask mask) {
  forEachObject(w, i, mask, [&](int lane, uint64_t address) {
    asyncOf(w).init(w, i, lane, address, w.lanes<uint32_t>(i.a)[lane]);
    if (w.launch->checked)
      mbarrierMade(w, i, lane, address);
  });
}

void runInvalidate(Warp &w, const Instruction &i, LaneMask mask) {
  forEachObject(w, i, mask, [&](int lane, uint64_t address) {
    asyncOf(w).invalidate(w, i, lane, address);
  });
}

constexpr uint32_t kCount = 1; // a is a number of arrivals
constexpr uint32_t kDrop = 2;
constexpr uint32_t kNoComplete = 4;
constexpr uint32_t kRelaxed = 8; // of a wait, too

void runArrive(Warp &w, const Instruction &i, LaneMask mask) {
  forEachObject(w, i, mask, [&](int lane, uint64_t address) {
    AsyncCopies &async = asyncOf(w);
    Mbarrier *barrier = async.find(w, i, lane, address);
    if (barrier == nullptr)
      return;
    uint32_t count =
        (i.options & kCount) != 0 ? w.lanes<uint32_t>(i.a)[lane] : 1;
    w.lanes<uint64_t>(i.d)[lane] =
        barrier->phase << kPendingBits | barrier->pending;
    if ((i.options & kNoComplete) != 0 && count >= barrier->pending)
      w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
               "this arrival completes the phase, but says .noComplete");
    if (count == 0)
      w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
               "expected at least one arrival");
    if (w.launch->checked) {
      mbarrierUsed(w, i, lane, address);
      mbarrierArrived(w, lane, *barrier, (i.options & kRelaxed) != 0);
    }
    if ((i.options & kDrop) != 0)
      barrier->expected -= std::min(count, barrier->expected);
    async.arrive(w, i, lane, *barrier, count);
  });
}

constexpr uint32_t kParity = 1;

void runWait(Warp &w, const Instruction &i, LaneMask mask) {
  LaneMask done = 0;
  LaneMask known = 0;
  forEachObject(w, i, mask, [&](int lane, uint64_t address) {
    Mbarrier *barrier = asyncOf(w).find(w, i, lane, address);
    if (barrier == nullptr)
      return;
    known |= LaneMask{1} << lane;
    if (w.launch->checked)
      mbarrierUsed(w, i, lane, address);
    bool complete;
    if ((i.options & kParity) != 0)
      complete = (barrier->phase & 1) != (w.lanes<uint32_t>(i.a)[lane] & 1);
    else
      complete = barrier->phase > w.lanes<uint64_t>(i.a)[lane] >> kPendingBits;
    if (!complete)
      return;
    done |= LaneMask{1} << lane;
    if (w.launch->checked)
      mbarrierPassed(w, *barrier, (i.options & kRelaxed) != 0);
  });
  w.setPredicate(i.p, done, mask);
  if ((known & ~done) != 0) {
    ++w.cta->barrierWaits;
    w.yield();
  }
}

void runPending(Warp &w, const Instruction &i, LaneMask mask) {
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    w.lanes<uint32_t>(i.d)[lane] =
        static_cast<uint32_t>(w.lanes<uint64_t>(i.a)[lane]) &
        ((1U << kPendingBits) - 1);
  }
}

bool bindObject(Binder &b, Handler *handler) {
  b.use(handler);
  return bindSpace(b);
}

} // namespace

bool bindMbarrierInit(Binder &b) { return bindObject(b, &runInit); }

bool bindMbarrierInvalidate(Binder &b) { return bindObject(b, &runInvalidate); }

bool bindMbarrierArrive(Binder &b) {
  b.out.options = (b.operand(2).present ? kCount : 0) |
                  (b.has("arrive_drop") ? kDrop : 0) |
                  (b.has("noComplete") ? kNoComplete : 0) |
                  (b.has("relaxed") ? kRelaxed : 0);
  return bindObject(b, &runArrive);
}

bool bindMbarrierWait(Binder &b) {
  b.out.options =
      (b.has("parity") ? kParity : 0) | (b.has("relaxed") ? kRelaxed : 0);
  return bindObject(b, &runWait);
}

bool bindMbarrierPending(Binder &b) {
  b.use(&runPending);
  return true;
}

} // namespace sluice::sim
