#pragma once

#include "runtime/device/sim/machine/Alu.h"

namespace sluice::sim {

/// Runs f(lanes) for lanes that take part in a .sync instruction together, when
/// they all are here: those that `memberRegister` names, exited ones apart.
/// Lanes whose masks differ are groups of their own. `isForAll`: the masks are
/// known to name all lanes.
template <typename F>
void forEachGroup(Warp &w, const Instruction &i, LaneMask mask,
                  uint32_t memberRegister, F f, bool isForAll = false) {
  const auto *members = w.lanes<uint32_t>(memberRegister);
  if (mask == kAllLanes && (isForAll || allLanesAre(members, kAllLanes)))
      [[likely]] {
    if (w.gather(i, mask, kAllLanes))
      f(mask);
    return;
  }
  LaneMask wanted = members[std::countr_zero(mask)];
  LaneMask same = 0;
  LaneMask outside = 0;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    LaneMask bit = LaneMask{1} << lane;
    same |= members[lane] == wanted ? bit : 0;
    outside |= (members[lane] & bit) == 0 ? bit : 0;
  }
  if (outside != 0) {
    w.report(FindingKind::DivergentCollective, i, outside,
             "these lanes are not in the mask that they give");
    same &= ~outside;
    mask &= ~outside;
    if (mask == 0)
      return;
  }
  if (same == mask) {
    if (w.gather(i, mask, wanted))
      f(mask);
    return;
  }
  while (mask != 0) {
    wanted = members[std::countr_zero(mask)];
    LaneMask group = 0;
    for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
      int lane = std::countr_zero(rest);
      group |= members[lane] == wanted ? LaneMask{1} << lane : 0;
    }
    mask &= ~group;
    if ((wanted & w.alive & ~group) != 0)
      w.report(FindingKind::DivergentCollective, i, group,
               "not all lanes of the mask are here, and lanes of other masks "
               "are");
    f(group);
  }
}

/// For .aligned instructions: reports lanes that are missing; else all gather.
void checkAligned(Warp &w, const Instruction &i, LaneMask mask);

/// Where one of `lanes` has an operand that is not initialised, the results of
/// all of them are not.
void shareTaint(Warp &w, const Instruction &i, LaneMask lanes);

} // namespace sluice::sim
