#pragma once

#include "runtime/device/sim/machine/Warp.h"

namespace sluice::sim {

/// A call of __assertfail: a Trap finding with the condition's text and place,
/// and the end of the launch. Its payload is an AssertPlan.
void runAssertFail(Warp &w, const Instruction &i, LaneMask mask);

} // namespace sluice::sim
