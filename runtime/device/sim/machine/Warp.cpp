#include "runtime/device/sim/machine/Warp.h"

#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/Observer.h"
#include "runtime/device/sim/program/Frames.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {

bool Warp::canRun() const {
  return std::any_of(fragments.begin(), fragments.end(),
                     [](const Fragment &fragment) {
                       return fragment.state == Fragment::State::Ready;
                     });
}

// Takes the ready fragment that has waited longest and, among equals, is first
// in the text: those behind it may find it there when they get to the same
// place.
bool Warp::pick() {
  size_t best = fragments.size();
  for (size_t i = 0; i < fragments.size(); ++i)
    if (fragments[i].state == Fragment::State::Ready &&
        (best == fragments.size() ||
         std::pair(fragments[i].turn, fragments[i].pc) <
             std::pair(fragments[best].turn, fragments[best].pc)))
      best = i;
  if (best == fragments.size())
    return false;
  pc = fragments[best].pc;
  mask = fragments[best].mask;
  turn = fragments[best].turn;
  setJoin(fragments[best].join);
  fragments.erase(fragments.begin() + static_cast<ptrdiff_t>(best));
  running = true;
  return true;
}

void Warp::run(uint64_t instructions) {
  budget = instructions;
  yielded = false;
  if (launch->program->readsClock)
    setClocks();
  if (launch->checked)
    loop<true>();
  else
    loop<false>();
}

/// The loop for instructions that need nothing of it, with all lanes.
template <bool Checked> void Warp::runStraight() {
  const Instruction *i = pc;
  std::byte *r = registers;
  for (const Instruction *end = pc + pc->straight; i != end; ++i) {
    if constexpr (Checked) {
      cta->observer->executed(*i, kAllLanes);
      if (!taints.empty() && !i->ownTaint)
        propagateTaint(*i, kAllLanes);
    }
    i->payload.lanes(r + i->d, r + i->a, r + i->b, r + i->c, i->options);
  }
  pc = i;
}

template <bool Checked> void Warp::loop() {
  uint64_t ran = 0;
  while (budget != 0 && pick()) {
    while (running) {
      if (pc == joinPc) {
        arrive();
        continue;
      }
      if (mask == kAllLanes && pc->straight < budget - ran) {
        ran += pc->straight;
        runStraight<Checked>();
        if (pc == joinPc)
          continue;
      }
      const Instruction &instruction = *pc++;
      LaneMask lanes = mask;
      if (instruction.guard != kNone) {
        if constexpr (Checked)
          checkGuard(instruction);
        lanes &= source(instruction.guard, instruction.guardNegated);
      }
      ++ran;
      if constexpr (Checked) {
        cta->observer->executed(instruction, lanes);
        if (lanes != 0) {
          if (!taints.empty() && !instruction.ownTaint)
            propagateTaint(instruction, lanes);
          instruction.checked(*this, instruction, lanes);
        }
      } else {
        if (lanes != 0)
          instruction.handler(*this, instruction, lanes);
      }
      if (ran >= budget) [[unlikely]] {
        // Its turn is over; who was behind it comes first now.
        if (running) {
          Fragment fragment;
          fragment.pc = pc;
          fragment.mask = mask;
          fragment.join = join;
          fragment.turn = ++lastTurn;
          fragments.push_back(fragment);
          running = false;
        }
        budget = 0;
      }
    }
  }
  executed += ran;
  launch->instructions.fetch_add(ran, std::memory_order_relaxed);
}

void Warp::split(const Instruction *target, LaneMask lanes) {
  if (target == joinPc) {
    joins[join].arrived |= lanes;
    return;
  }
  Fragment fragment;
  fragment.pc = target;
  fragment.mask = lanes;
  fragment.join = join;
  fragment.turn = turn;
  fragments.push_back(fragment);
}

void Warp::diverge(const Instruction *target, LaneMask taken,
                   const Instruction *reconverge) {
  LaneMask others = mask & ~taken;
  if (others == 0) {
    pc = target;
    return;
  }
  bool known =
      reconverge == joinPc && join != kNone && joins[join].call == nullptr;
  if (reconverge != nullptr && !known) {
    Join value;
    value.pc = reconverge;
    value.expected = mask;
    value.parent = join;
    setJoin(newJoin(std::move(value)));
  }
  // Go on with who is first in the text and not yet at the join.
  bool goOn = target == joinPc || (pc != joinPc && pc < target);
  split(goOn ? target : pc, goOn ? taken : others);
  mask = goOn ? others : taken;
  pc = goOn ? pc : target;
}

uint32_t Warp::newJoin(Join value) {
  if (freeJoins.empty()) {
    joins.push_back(std::move(value));
    return static_cast<uint32_t>(joins.size() - 1);
  }
  uint32_t slot = freeJoins.back();
  freeJoins.pop_back();
  joins[slot] = std::move(value);
  return slot;
}

// The running fragment has come to its join.
void Warp::arrive() {
  Join &at = joins[join];
  at.arrived |= mask;
  if (at.arrived != at.expected) {
    running = false; // parked, in `arrived`
    return;
  }
  mask = at.arrived;
  uint32_t done = join;
  setJoin(at.parent);
  if (joins[done].call != nullptr) {
    pc = joins[done].back;
    finishCall(joins[done], mask);
  }
  joins[done] = Join();
  freeJoins.push_back(done);
}

void Warp::call(const Instruction *target, const CallPlan &plan,
                LaneMask lanes) {
  constexpr uint32_t mostCalls = 1024;
  if (++callDepth > mostCalls) {
    report(FindingKind::CallDepth, pc[-1], lanes,
           fmt::format("more than {} calls inside one another", mostCalls));
    stopLaunch();
    return;
  }
  // Only a ret leads to it: in a recursion, several joins have one way back.
  static const Instruction nowhere;
  Join value;
  value.pc = &nowhere;
  value.back = pc;
  value.expected = lanes;
  value.parent = join;
  value.call = &plan;
  if (plan.callee.recursive) {
    uint32_t bytes = plan.callee.registerEnd - plan.callee.firstRegister;
    uint64_t localBytes = plan.callee.localEnd - plan.callee.firstLocal;
    value.saved.reset(new (std::nothrow)
                          std::byte[bytes + localBytes * kWarpLanes]);
    if (value.saved == nullptr) {
      report(FindingKind::CallDepth, pc[-1], lanes,
             "no host memory is left for calls");
      stopLaunch();
      return;
    }
    std::memcpy(value.saved.get(), registers + plan.callee.firstRegister,
                bytes);
    if (tracksTaint())
      value.savedTaints.assign(
          taints.begin() + plan.callee.firstRegister / kUnit,
          taints.begin() + plan.callee.registerEnd / kUnit);
    for (uint64_t lane = 0; lane < kWarpLanes && localBytes != 0; ++lane)
      std::memcpy(value.saved.get() + bytes + lane * localBytes,
                  local + lane * launch->program->localBytes +
                      plan.callee.firstLocal,
                  localBytes);
  }
  LaneMask others = mask & ~lanes;
  if (others != 0)
    split(pc, others);
  setJoin(newJoin(std::move(value)));
  mask = lanes;
  for (const CallPlan::Copy &copy : plan.arguments)
    copyLocal(copy.from, copy.to, copy.bytes, lanes);
  pc = target;
}

void Warp::copyLocal(uint64_t from, uint64_t to, uint32_t bytes,
                     LaneMask lanes) {
  uint64_t stride = launch->program->localBytes;
  for (; lanes != 0; lanes &= lanes - 1) {
    if (cta->checks != nullptr)
      cta->checks->localWritten(static_cast<int>(index) * kWarpLanes +
                                    std::countr_zero(lanes),
                                to, bytes);
    std::byte *mine =
        local + static_cast<uint64_t>(std::countr_zero(lanes)) * stride;
    std::memmove(mine + to, mine + from, bytes);
  }
}

// The lanes have come back. A recursive callee was perhaps its own caller,
// whose registers are restored; results go to the caller after that.
void Warp::finishCall(Join &done, LaneMask lanes) {
  const CallPlan &plan = *done.call;
  --callDepth;
  uint64_t stride = launch->program->localBytes;
  if (done.saved == nullptr) {
    for (const CallPlan::Copy &copy : plan.results)
      copyLocal(copy.from, copy.to, copy.bytes, lanes);
    return;
  }
  std::vector<std::byte> results;
  for (const CallPlan::Copy &copy : plan.results)
    for (uint64_t lane = 0; lane < kWarpLanes; ++lane) {
      const std::byte *from = local + lane * stride + copy.from;
      results.insert(results.end(), from, from + copy.bytes);
    }
  uint32_t first = plan.callee.firstRegister;
  uint32_t bytes = plan.callee.registerEnd - first;
  // Only of these lanes: others may be in the callee on their own way.
  for (const CallPlan::Saved &one : plan.saved) {
    const std::byte *from = done.saved.get() + (one.offset - first);
    if (one.bytes == 0) {
      LaneMask value;
      std::memcpy(&value, from, sizeof value);
      setPredicate(one.offset, value, lanes);
      continue;
    }
    uint64_t width = std::min<uint64_t>(one.bytes, 8);
    for (uint64_t part = 0; part < one.bytes; part += 8)
      for (uint64_t lane = 0; lane < kWarpLanes; ++lane)
        if ((lanes >> lane & 1) != 0)
          std::memcpy(registers + one.offset + part * kWarpLanes + lane * width,
                      from + part * kWarpLanes + lane * width, width);
  }
  for (uint32_t unit = 0; unit < done.savedTaints.size(); ++unit)
    setTaint(first / kUnit + unit, done.savedTaints[unit], lanes);
  uint64_t localBytes = plan.callee.localEnd - plan.callee.firstLocal;
  for (uint64_t lane = 0; lane < kWarpLanes && localBytes != 0; ++lane)
    if ((lanes >> lane & 1) != 0)
      std::memcpy(local + lane * stride + plan.callee.firstLocal,
                  done.saved.get() + bytes + lane * localBytes, localBytes);
  const std::byte *from = results.data();
  for (const CallPlan::Copy &copy : plan.results)
    for (uint64_t lane = 0; lane < kWarpLanes; ++lane, from += copy.bytes)
      if ((lanes >> lane & 1) != 0) {
        if (cta->checks != nullptr)
          cta->checks->localWritten(static_cast<int>(index * kWarpLanes + lane),
                                    copy.to, copy.bytes);
        std::memcpy(local + lane * stride + copy.to, from, copy.bytes);
      }
}

} // namespace sluice::sim
