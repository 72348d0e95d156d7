#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/Cta.h"

namespace sluice::sim {

void Warp::checkGuard(const Instruction &instruction) {
  if (taints.empty())
    return;
  if (LaneMask bad = taints[instruction.guard / kUnit] & mask)
    report(FindingKind::Uninitialised, instruction, bad,
           "whether it runs depends on a value that nobody wrote");
}

// A result is tainted where an operand is. Loads and instructions that move
// values between lanes do better themselves, afterwards.
void Warp::propagateTaint(const Instruction &instruction, LaneMask lanes) {
  const uint32_t *units = launch->program->operands.data() + instruction.uses;
  const uint32_t *results = units + instruction.useCount;
  if (instruction.taintPart == 0) [[likely]] {
    LaneMask tainted = 0;
    for (uint32_t i = 0; i < instruction.useCount; ++i)
      tainted |= taints[units[i]];
    for (uint32_t i = 0; i < instruction.defCount; ++i)
      setTaint(results[i], tainted, lanes);
    return;
  }
  // Of a register's units, those that are `part` together.
  uint32_t part = instruction.taintPart;
  for (uint32_t first = 0; first < instruction.defCount; first += part) {
    LaneMask tainted = 0;
    for (uint32_t i = 0; i < instruction.useCount; ++i)
      if (i % instruction.defCount / part == first / part)
        tainted |= taints[units[i]];
    for (uint32_t i = first; i < first + part; ++i)
      setTaint(results[i], tainted, lanes);
  }
}

void shareTaint(Warp &w, const Instruction &i, LaneMask lanes) {
  if (!w.tracksTaint())
    return;
  const uint32_t *units = w.launch->program->operands.data() + i.uses;
  LaneMask tainted = 0;
  for (uint32_t k = 0; k < i.useCount; ++k)
    tainted |= w.taint(units[k]);
  units += i.useCount;
  for (uint32_t k = 0; k < i.defCount; ++k)
    w.setTaint(units[k], (tainted & lanes) != 0 ? kAllLanes : 0, lanes);
}

void checkAligned(Warp &w, const Instruction &i, LaneMask mask) {
  if (mask != kAllLanes)
    w.report(FindingKind::DivergentCollective, i, mask,
             "all 32 lanes of a warp have to run this together");
  else
    w.lanesGather();
}

} // namespace sluice::sim
