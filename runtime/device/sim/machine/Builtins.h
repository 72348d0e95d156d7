#pragma once

#include "runtime/device/sim/machine/Warp.h"

namespace sluice::sim {

// Calls of what CUDA's runtime provides; program/Frames.h has their plans.

/// A Trap finding with the condition's text and place; the launch ends.
void runAssertFail(Warp &w, const Instruction &i, LaneMask mask);

/// Lane after lane adds a text to what its block has printed.
void runVprintf(Warp &w, const Instruction &i, LaneMask mask);

} // namespace sluice::sim
