#pragma once

#include "runtime/device/sim/machine/Places.h"

namespace sluice::sim {

struct Mbarrier;

// What checks and counters want to know about memory: called by the checked
// handlers after they have moved the values.

/// The lanes of `places` have read i.count elements of i.bytes bytes into the
/// registers of i.list. Returns the lanes that got bytes nobody has written.
LaneMask loaded(Warp &w, const Instruction &i, const Places &places);
/// They have written that many.
void stored(Warp &w, const Instruction &i, const Places &places);
/// Of these lanes' values, another lane has written over a part with another
/// value, in the same instruction.
void overwritten(Warp &w, const Instruction &i, LaneMask lanes);
/// They are about to change that many, atomically. Cheap if nothing is checked.
void updated(Warp &w, const Instruction &i, const Places &places);

// cp.async: its target at issue, its source, and when it is done.
void copyStarted(Warp &w, const Instruction &i, const Places &targets);
void copyRead(Warp &w, const Instruction &i, const Places &sources,
              uint32_t bytes);
void copied(Warp &w, const Instruction &i, LaneMask lanes,
            const uint64_t *targets, const uint64_t *sources,
            const uint8_t *sourceBytes, uint32_t bytes);

// What orders the threads of a block.
void mbarrierMade(Warp &w, const Instruction &i, int lane, uint64_t address);
/// Any other operation on it.
void mbarrierUsed(Warp &w, const Instruction &i, int lane, uint64_t address);
void mbarrierArrived(Warp &w, int lane, Mbarrier &barrier, bool relaxed);
void mbarrierPassed(Warp &w, Mbarrier &barrier, bool relaxed);

} // namespace sluice::sim
