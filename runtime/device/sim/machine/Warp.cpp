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
    value.depth = join == kNone ? 0 : joins[join].depth;
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

} // namespace sluice::sim
