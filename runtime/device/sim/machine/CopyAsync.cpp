#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/AsyncCopies.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"

#include <algorithm>
#include <cstring>

namespace sluice::sim {
namespace {

AsyncCopies &asyncOf(Warp &w) {
  Cta &cta = *w.cta;
  if (cta.async == nullptr)
    cta.async = std::make_unique<AsyncCopies>(cta);
  return *cta.async;
}

/// The source, and the register of src-size.
struct CopyPlan {
  AddressOperand source;
  bool sized;
};

SLUICE_SIM_MULTIVERSION LaneMask lanesOf(const uint8_t *bytes, uint8_t value) {
  return maskOf([=](int lane) __attribute__((always_inline)) {
    return bytes[lane] == value;
  });
}

/// Source bytes of each lane, `most` of them at most.
SLUICE_SIM_MULTIVERSION void clampSizes(const uint32_t *sizes, uint32_t most,
                                        uint8_t *bytes) {
  SLUICE_SIM_LOOP bytes[lane] =
      static_cast<uint8_t>(sizes[lane] < most ? sizes[lane] : most);
}

void runCopy(Warp &w, const Instruction &i, LaneMask mask) {
  const auto &plan = *static_cast<const CopyPlan *>(i.payload.data);
  AsyncCopies::Copy &copy = asyncOf(w).next(w.index);
  copy.instruction = &i;
  copy.bytes = i.bytes;
  LaneMask good = 0;
  forEachPiece(w, i, AddressOperand::of(i), mask,
               {Access::Store, i.bytes, i.bytes}, [&](const Places &places) {
                 if (places.space != Space::Shared)
                   return;
                 if (good == 0)
                   std::copy_n(places.addresses, kWarpLanes, copy.targets);
                 else
                   forLanes(places.lanes, [&](int lane) {
                     copy.targets[lane] = places.addresses[lane];
                   });
                 good |= places.lanes;
                 if (w.launch->checked)
                   copyStarted(w, i, places);
               });
  if (plan.sized)
    clampSizes(w.lanes<uint32_t>(i.a), i.bytes, copy.sourceBytes);
  else
    std::memset(copy.sourceBytes, i.bytes, kWarpLanes);
  copy.whole = (good & ~lanesOf(copy.sourceBytes, i.bytes)) == 0;
  // Lanes that copy nothing at all may point anywhere.
  LaneMask found = copy.whole ? 0 : good & lanesOf(copy.sourceBytes, 0);
  LaneMask reading = good & ~found;
  while (reading != 0) {
    // Lanes that read the same number of bytes together.
    uint8_t bytes = copy.sourceBytes[std::countr_zero(reading)];
    LaneMask same =
        copy.whole ? reading : reading & lanesOf(copy.sourceBytes, bytes);
    reading &= ~same;
    forEachPiece(w, i, plan.source, same, {Access::Load, bytes, i.bytes},
                 [&](const Places &places) {
                   found |= places.lanes;
                   forLanes(places.lanes, [&](int lane) {
                     copy.sources[lane] = places.addresses[lane];
                     copy.hosts[lane] = places.at(lane);
                   });
                   if (w.launch->checked)
                     copyRead(w, i, places, bytes);
                 });
  }
  copy.lanes = good & found;
  if (copy.lanes != 0)
    asyncOf(w).issue(copy);
}

void runCommit(Warp &w, const Instruction &i, LaneMask mask) {
  (void)i;
  asyncOf(w).commit(w.index, mask);
}

void runWait(Warp &w, const Instruction &i, LaneMask mask) {
  asyncOf(w).wait(w, mask,
                  i.options == kNone ? ~uint64_t{0} : uint64_t{i.options});
}

void runArrive(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, {Access::Atomic, 8, 8},
               [&](const Places &places) {
                 if (places.space == Space::Shared)
                   asyncOf(w).arriveLater(w, i, places.lanes, places.addresses,
                                          (i.options & 1) != 0);
               });
}

} // namespace

bool bindCpAsync(Binder &b) {
  uint64_t bytes = b.operand(2).value;
  if (bytes != 16 && (b.has("cg") || (bytes != 4 && bytes != 8)))
    return b.fail("expected a copy of 16 bytes, or with .ca of 4 or 8");
  if (b.out.space != Space::Generic && b.out.space != Space::Shared)
    return b.fail("expected a target in shared memory");
  CopyPlan plan{};
  plan.source = {b.second.base, b.second.addressBase, b.second.offset,
                 Space::Global};
  // A single operand after the size is src-size; with .L2::cache_hint the last
  // one is the policy.
  plan.sized = b.operand(3).present;
  b.out.a = plan.sized ? b.operand(3).offset : 0;
  b.out.space = Space::Shared;
  b.out.bytes = static_cast<uint8_t>(bytes);
  b.out.count = 1;
  b.useData(&runCopy, b.keep(plan));
  return true;
}

bool bindCpAsyncCommit(Binder &b) {
  b.use(&runCommit);
  return true;
}

bool bindCpAsyncWait(Binder &b) {
  bool all = b.operands.empty();
  if (!all && b.operand(0).value >= kNone)
    return b.fail("expected a number of groups");
  b.out.options = all ? kNone : static_cast<uint32_t>(b.operand(0).value);
  b.use(&runWait);
  return true;
}

bool bindCpAsyncArrive(Binder &b) {
  if (!bindSpace(b))
    return false;
  b.out.options = b.has("noinc") ? 1 : 0;
  b.use(&runArrive);
  return true;
}

} // namespace sluice::sim
