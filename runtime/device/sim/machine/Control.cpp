#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Builtins.h"
#include "runtime/device/sim/program/Frames.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

const Instruction *at(const Warp &w, uint32_t index) {
  return index == kNone ? nullptr : w.launch->program->code.data() + index;
}

/// Of `mask`, the lanes that have the value of the first one.
template <typename T> LaneMask likeTheFirst(const T *values, LaneMask mask) {
  T first = values[std::countr_zero(mask)];
  LaneMask same = 0;
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    same |= LaneMask{values[lane] == first} << lane;
  }
  return same;
}

void runBranch(Warp &w, const Instruction &i, LaneMask mask) {
  const Instruction *target = &i + (static_cast<int64_t>(i.target) - i.index);
  if (mask == w.mask)
    w.pc = target;
  else
    w.diverge(target, mask, at(w, i.reconverge));
}

void runBranchIndexed(Warp &w, const Instruction &i, LaneMask mask) {
  const BranchTargets &table = w.launch->program->tables[i.target];
  const auto *index = w.lanes<uint32_t>(i.a);
  LaneMask bad = 0;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    if (index[lane] >= table.targets.size())
      bad |= LaneMask{1} << lane;
  }
  if (bad != 0) {
    w.report(FindingKind::OutOfBounds, i, bad,
             "an index is beyond the end of the branch table");
    w.stopLaunch();
    return;
  }
  // The lanes of the first one's target go there; the others run this
  // instruction again.
  uint32_t which = index[std::countr_zero(mask)];
  LaneMask same = likeTheFirst(index, mask);
  if (same != mask)
    w.pc = &i;
  w.diverge(at(w, table.targets[which]), same, at(w, i.reconverge));
}

void runCall(Warp &w, const Instruction &i, LaneMask mask) {
  w.call(at(w, i.target), *static_cast<const CallPlan *>(i.payload.data), mask);
}

void runIndirectCall(Warp &w, const Instruction &i, LaneMask mask) {
  const auto *to = w.lanes<uint64_t>(i.a);
  if (LaneMask bad = w.tracksTaint() ? w.taintOf(i.a, 8) & mask : 0; bad != 0) {
    w.report(FindingKind::Uninitialised, i, bad,
             "what it calls depends on a value that nobody wrote");
    w.stopLaunch();
    return;
  }
  // The lanes of the first one's function go there; the others run this
  // instruction again.
  uint64_t address = to[std::countr_zero(mask)];
  LaneMask same = likeTheFirst(to, mask);
  if (same != mask) {
    w.pc = &i;
    w.diverge(&i, same, &i + 1);
    return;
  }
  const auto &plans =
      static_cast<const IndirectCallPlan *>(i.payload.data)->plans;
  auto found = plans.find(address);
  if (found == plans.end()) {
    w.report(
        FindingKind::OutOfBounds, i, mask,
        fmt::format(
            "no function of this file that takes these arguments is at {:#x}",
            address));
    w.stopLaunch();
    return;
  }
  w.call(at(w, found->second.callee.firstCode), found->second, mask);
}

void runReturn(Warp &w, const Instruction &i, LaneMask mask) {
  (void)i;
  w.returnFrom(mask);
}

void runExit(Warp &w, const Instruction &i, LaneMask mask) {
  (void)i;
  w.exit(mask);
}

void runTrap(Warp &w, const Instruction &i, LaneMask mask) {
  w.report(FindingKind::Trap, i, mask, "the kernel ran a trap");
  w.stopLaunch();
}

void runYield(Warp &w, const Instruction &i, LaneMask mask) {
  (void)i;
  (void)mask;
  w.budget = 0;
}

} // namespace

bool bindBranch(Binder &b) {
  b.use(&runBranch);
  return true;
}

bool bindBranchIndexed(Binder &b) {
  b.use(&runBranchIndexed);
  return true;
}

bool bindCall(Binder &b) {
  constexpr Handler *handlers[] = {&runCall, &runIndirectCall, &runAssertFail,
                                   &runVprintf}; // by CallKind
  b.use(handlers[b.out.options]);
  return true;
}

bool bindReturn(Binder &b) {
  b.use(&runReturn);
  return true;
}

bool bindExit(Binder &b) {
  b.use(&runExit);
  return true;
}

bool bindTrap(Binder &b) {
  b.use(&runTrap);
  return true;
}

bool bindYield(Binder &b) {
  b.use(&runYield);
  return true;
}

} // namespace sluice::sim
