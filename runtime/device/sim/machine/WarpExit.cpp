#include "runtime/device/sim/machine/Cta.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice::sim {

void Warp::returnFrom(LaneMask lanes) {
  // Postdominators see to it that all joins inside the function are done; a
  // kernel has no return to join.
  if (join == kNone || joins[join].call == nullptr) {
    exit(lanes);
    return;
  }
  LaneMask others = mask & ~lanes;
  if (others != 0) {
    split(pc, others);
    mask = lanes;
  }
  pc = joinPc;
}

void Warp::exit(LaneMask lanes) {
  alive &= ~lanes;
  mask &= ~lanes;
  uint32_t from = join;
  if (mask == 0)
    running = false;
  leaveJoins(from, lanes);
  // Who waits for these lanes looks again.
  for (Fragment &fragment : fragments)
    if (fragment.state == Fragment::State::Gathering)
      fragment.state = Fragment::State::Ready;
  cta->threadsExited(static_cast<uint32_t>(std::popcount(lanes)));
}

void Warp::leaveJoins(uint32_t from, LaneMask lanes) {
  bool released = mask != 0; // somebody of this join is still on the way
  for (uint32_t at = from; at != kNone;) {
    Join &one = joins[at];
    uint32_t parent = one.parent;
    one.expected &= ~lanes;
    if (one.expected == 0) {
      one = Join();
      freeJoins.push_back(at);
    } else if (!released && one.arrived == one.expected) {
      // The last one missing has exited. The fragment arrives anew.
      Fragment fragment;
      fragment.pc = one.pc;
      fragment.mask = one.arrived;
      fragment.join = at;
      fragments.push_back(fragment);
      released = true;
    } else {
      released = true;
    }
    at = parent;
  }
}

bool Warp::gather(const Instruction &instruction, LaneMask &lanes,
                  LaneMask members) {
  LaneMask needed = members & alive;
  if ((lanes & needed) == needed) [[likely]]
    return true;
  LaneMask here = lanes;
  auto isHere = [&](const Fragment &fragment) {
    return fragment.state == Fragment::State::Gathering &&
           fragment.pc == &instruction && fragment.members == members;
  };
  for (const Fragment &fragment : fragments)
    if (isHere(fragment))
      here |= fragment.executing;
  if ((here & needed) == needed) {
    for (Fragment &fragment : fragments)
      if (isHere(fragment)) {
        fragment.state = Fragment::State::Ready;
        fragment.pc = &instruction + 1;
      }
    lanes = here;
    return true;
  }
  Fragment fragment;
  fragment.pc = &instruction;
  fragment.mask = mask;
  fragment.executing = lanes;
  fragment.members = members;
  fragment.join = join;
  fragment.turn = turn;
  fragment.state = Fragment::State::Gathering;
  fragments.push_back(fragment);
  running = false;
  return false;
}

void Warp::waitAtBarrier(uint32_t id, LaneMask lanes) {
  LaneMask others = mask & ~lanes;
  Fragment fragment;
  fragment.pc = pc;
  fragment.mask = lanes;
  fragment.join = join;
  fragment.turn = turn;
  fragment.id = id;
  fragment.state = Fragment::State::AtBarrier;
  fragments.push_back(fragment);
  mask = others;
  if (others == 0)
    running = false;
}

void Warp::report(FindingKind kind, const Instruction &instruction,
                  LaneMask lanes, std::string detail, std::string other) {
  launch->findings.add(kind, *this, instruction, lanes, std::move(detail),
                       std::move(other));
}

void Warp::stopLaunch() {
  launch->stop = true;
  running = false;
  budget = 0;
  fragments.clear();
}

std::string Warp::describe() const {
  const Program &program = *launch->program;
  std::string text;
  for (const Fragment &fragment : fragments) {
    if (!text.empty())
      text += "; ";
    text += fmt::format("lanes 0x{:08x} at {}", fragment.mask,
                        program.placeOf(*fragment.pc));
    if (fragment.state == Fragment::State::AtBarrier) {
      const NamedBarrier &barrier = cta->barriers[fragment.id];
      uint32_t wanted = barrier.expected != 0 ? barrier.expected : cta->alive;
      text +=
          fmt::format(" (before it: barrier {}, {} of {} threads have come)",
                      fragment.id, barrier.arrived, wanted);
    } else if (fragment.state == Fragment::State::Gathering) {
      text += fmt::format(" waiting for lanes 0x{:08x}",
                          fragment.members & alive & ~fragment.executing);
    } else {
      text += " spinning";
    }
  }
  for (const Join &one : joins)
    if (one.arrived != 0 && one.arrived != one.expected)
      text += fmt::format(
          "; lanes 0x{:08x} wait at {} for lanes 0x{:08x}", one.arrived,
          program.placeOf(one.call != nullptr ? *one.back : *one.pc),
          one.expected & ~one.arrived);
  return text;
}

} // namespace sluice::sim
