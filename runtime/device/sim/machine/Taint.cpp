#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/Cta.h"

#include <algorithm>
#include <cstring>

namespace sluice::sim {
namespace {

constexpr uint32_t kMostUnits = 4; // 64 bits

/// Copies a register of instruction.bitUnits units to `to`, with all bits that
/// nobody wrote set or cleared.
void fillUndefined(Warp &w, uint32_t offset, const Instruction &instruction,
                   bool ones, std::byte *to) {
  uint32_t units = instruction.bitUnits;
  std::memcpy(to, w.registers + offset, size_t{units} * kUnit);
  auto fill = static_cast<uint16_t>(ones ? ~0U : 0U);
  for (uint32_t unit = 0; unit < units; ++unit)
    for (LaneMask rest = w.taint(offset / kUnit + unit); rest != 0;
         rest &= rest - 1) {
      auto lane = static_cast<uint32_t>(std::countr_zero(rest));
      std::memcpy(to + (lane * units + unit) * sizeof(fill), &fill,
                  sizeof(fill));
    }
}

/// Whether all sources behind the bit sources are defined: by how much a shift
/// goes, which bytes are picked.
bool amountsAreKnown(Warp &w, const Instruction &instruction, LaneMask lanes) {
  const uint32_t offsets[] = {instruction.a, instruction.b, instruction.c};
  LaneMask tainted = 0;
  for (uint32_t k = instruction.bitSources; k < 3; ++k)
    if (offsets[k] != 0)
      tainted |= w.taintOf(offsets[k], 4);
  return (tainted & lanes) == 0;
}

} // namespace

void Warp::checkGuard(const Instruction &instruction) {
  if (taints.empty())
    return;
  if (LaneMask bad = taints[instruction.guard / kUnit] & mask)
    report(FindingKind::Uninitialised, instruction, bad,
           "whether it runs depends on a value that nobody wrote");
}

// Of an instruction with bit sources: runs it with all undefined bits 0 or 1,
// one source or another, and sees which of the result change. That is exact, as
// a bit of the result depends on one bit of each source at most.
void Warp::propagateBits(const Instruction &instruction, LaneMask lanes) {
  const Instruction &i = instruction;
  const uint32_t offsets[] = {i.a, i.b, i.c};
  alignas(64) std::byte sources[3][kMostUnits * kUnit];
  alignas(64) uint16_t first[kMostUnits * kWarpLanes];
  alignas(64) uint16_t result[kMostUnits * kWarpLanes];
  std::byte *operands[3];
  for (uint32_t k = 0; k < 3; ++k)
    operands[k] = k < i.bitSources ? sources[k] : registers + offsets[k];
  LaneMask changed[kMostUnits] = {};
  for (uint32_t ones = 0; ones < 1U << i.bitSources; ++ones) {
    for (uint32_t k = 0; k < i.bitSources; ++k) {
      // A register that is given twice is the same both times.
      auto same = std::find(offsets, offsets + k, offsets[k]) - offsets;
      fillUndefined(*this, offsets[k], i, (ones >> same & 1) != 0, sources[k]);
    }
    i.payload.lanes(result, operands[0], operands[1], operands[2], i.options);
    if (ones == 0)
      std::copy(std::begin(result), std::end(result), first);
    for (uint32_t unit = 0; unit < i.defCount; ++unit)
      for (uint32_t lane = 0; lane < kWarpLanes; ++lane) {
        uint32_t at = lane * i.defCount + unit;
        if (result[at] != first[at])
          changed[unit] |= LaneMask{1} << lane;
      }
  }
  const uint32_t *results =
      launch->program->operands.data() + i.uses + i.useCount;
  for (uint32_t unit = 0; unit < i.defCount; ++unit)
    setTaint(results[unit], changed[unit], lanes);
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
    bool bits = instruction.bitSources != 0 && (tainted & lanes) != 0;
    if (bits && amountsAreKnown(*this, instruction, lanes))
      propagateBits(instruction, lanes);
    else
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
