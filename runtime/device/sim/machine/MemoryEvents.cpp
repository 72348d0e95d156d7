#include "runtime/device/sim/machine/MemoryEvents.h"

#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Cta.h"

namespace sluice::sim {
namespace {

/// An address that depends on what nobody wrote.
void checkAddress(Warp &w, const Instruction &i, const Places &places) {
  if (i.addressBase == AddressBase::None || !w.tracksTaint())
    return;
  uint32_t bytes = i.addressBase == AddressBase::Register32 ? 4 : 8;
  if (LaneMask bad = w.taintOf(i.base, bytes) & places.lanes)
    w.report(FindingKind::Uninitialised, i, bad,
             "the address depends on a value that nobody wrote");
}

uint32_t bytesOf(const Instruction &i) { return uint32_t{i.bytes} * i.count; }

void count(Warp &w, const Instruction &i, const Places &places, uint32_t bytes,
           bool store) {
  if (w.launch->options.counters)
    w.cta->observer->accessed(i, places.space, places.lanes, places.addresses,
                              places.consecutive, bytes, store);
}

/// Lanes with an operand that is not initialised; not the address.
LaneMask taintedValues(Warp &w, const Instruction &i) {
  if (!w.tracksTaint())
    return 0;
  LaneMask tainted = 0;
  uint32_t bytes = i.opClass == OpClass::Matrix ? 4 : i.bytes;
  for (uint32_t k = 0; k < i.listCount; ++k)
    tainted |= w.taintOf(w.launch->program->operands[i.list + k], bytes);
  return tainted;
}

} // namespace

LaneMask loaded(Warp &w, const Instruction &i, const Places &places) {
  count(w, i, places, bytesOf(i), /*store=*/false);
  BlockChecks *checks = w.cta->checks.get();
  if (checks == nullptr)
    return 0;
  checkAddress(w, i, places);
  return checks->load(w, i, places, bytesOf(i));
}

void stored(Warp &w, const Instruction &i, const Places &places) {
  count(w, i, places, bytesOf(i), /*store=*/true);
  BlockChecks *checks = w.cta->checks.get();
  if (checks == nullptr)
    return;
  checkAddress(w, i, places);
  checks->store(w, i, places, bytesOf(i), taintedValues(w, i));
  // stmatrix and wmma.store keep rows of many lanes.
  if (!w.tracksTaint() || i.opClass == OpClass::Matrix)
    return;
  uint32_t piece = std::min<uint32_t>(i.bytes, 2);
  for (uint32_t k = 0; k < i.listCount; ++k)
    for (uint32_t at = 0; at < i.bytes; at += piece)
      if (LaneMask tainted =
              w.taint(w.launch->program->operands[i.list + k] / kUnit + at / 2))
        checks->taintElement(w, places, tainted, k * i.bytes + at, piece);
}

void updated(Warp &w, const Instruction &i, const Places &places) {
  if (!w.launch->checked)
    return;
  count(w, i, places, bytesOf(i), /*store=*/true);
  BlockChecks *checks = w.cta->checks.get();
  if (checks == nullptr)
    return;
  checkAddress(w, i, places);
  LaneMask values = taintedValues(w, i); // of a vector; else they are a and b
  if (w.tracksTaint() && i.listCount == 0)
    for (uint32_t operand : {i.a, i.b})
      values |= operand != 0 ? w.taintOf(operand, i.bytes) : 0;
  LaneMask tainted = checks->update(w, i, places, bytesOf(i), values);
  if (w.tracksTaint() && i.d != 0)
    for (uint32_t unit = 0; unit < std::max(i.bytes / 2U, 1U); ++unit)
      w.setTaint(i.d / kUnit + unit, tainted, places.lanes);
}

void copyStarted(Warp &w, const Instruction &i, const Places &targets) {
  if (BlockChecks *checks = w.cta->checks.get()) {
    checkAddress(w, i, targets);
    checks->copyStarted(w, i, targets, i.bytes);
  }
}

void copyRead(Warp &w, const Instruction &i, const Places &sources,
              uint32_t bytes) {
  count(w, i, sources, bytes, /*store=*/false);
  if (BlockChecks *checks = w.cta->checks.get())
    if (LaneMask bad = checks->load(w, i, sources, bytes))
      w.report(FindingKind::Uninitialised, i, bad,
               "copies bytes that nobody wrote");
}

void copied(Warp &w, const Instruction &i, LaneMask lanes,
            const uint64_t *targets, const uint64_t *sources,
            const uint8_t *sourceBytes, uint32_t bytes) {
  if (BlockChecks *checks = w.cta->checks.get())
    checks->copied(w, i, lanes, targets, sources, sourceBytes, bytes);
}

void mbarrierMade(Warp &w, const Instruction &i, int lane, uint64_t address) {
  if (BlockChecks *checks = w.cta->checks.get())
    checks->mbarrierMade(w, i, lane, address);
}

void mbarrierUsed(Warp &w, const Instruction &i, int lane, uint64_t address) {
  if (BlockChecks *checks = w.cta->checks.get())
    checks->mbarrierUsed(w, i, lane, address);
}

void mbarrierArrived(Warp &w, int lane, Mbarrier &barrier, bool relaxed) {
  if (BlockChecks *checks = w.cta->checks.get())
    checks->mbarrierArrived(w, lane, barrier, relaxed);
}

void mbarrierPassed(Warp &w, Mbarrier &barrier, bool relaxed) {
  if (BlockChecks *checks = w.cta->checks.get())
    checks->mbarrierPassed(w, barrier, relaxed);
}

void overwritten(Warp &w, const Instruction &i, LaneMask lanes) {
  if (!w.launch->options.checks.races || i.strong)
    return;
  w.report(FindingKind::Race, i, lanes,
           "other lanes write other values to the same place with this "
           "instruction; which stays is not defined");
}

void Warp::lanesGather() {
  if (cta->checks != nullptr)
    cta->checks->clocks.lanesGather(index);
}

void Warp::lanesMeet(LaneMask lanes) {
  if (cta->checks != nullptr)
    cta->checks->clocks.lanesMeet(index, lanes, alive);
}

} // namespace sluice::sim
