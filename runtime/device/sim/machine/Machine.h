#pragma once

#include "runtime/device/sim/machine/Launch.h"

namespace sluice::sim {

// The machine, from the inside out:
//
//   Launch   a grid: program, memory, options, findings
//   Worker   a host thread; holds some blocks (Grid.cpp)
//   Cta      a block: warps, shared memory, barriers
//   Warp     32 lanes: register file, fragments (lanes that go one way)
//   handler  one instruction on the active lanes of a warp
//
// To add an instruction:
//   1. a row in ptx/Opcodes.def;
//   2. `bool bindX(Binder &)` for the binder that the row names, in the file of
//      its class here: it picks handler and payload. Most arithmetic is a
//      LanesOp (Instruction.h) run by useLanes (Alu.h), which sees all lanes
//      and needs no mask;
//   3. a test in test/runtime/device/sim/ops; the test of the table fails for
//      a row without one.
// A handler gets a mask that is never empty, guards applied, and changes the
// lanes of its mask only. It may look at Warp::mask, the lanes that are here.
// To wait, it calls Warp::gather (for other lanes) or Cta::arrive (barriers).
// What a kernel did wrong goes to Warp::report; nothing is ever asserted.

/// Runs the blocks of `launch` until all have ended or it was stopped.
Status runGrid(Launch &launch);

} // namespace sluice::sim
