#pragma once

#include "runtime/device/sim/program/Frames.h"

namespace sluice::sim {

/// Sets Instruction::straight, and for each branch that may diverge where its
/// lanes meet again: the first instruction of the immediate postdominator of
/// its block.
void analyseControlFlow(Program &program, const Frame &frame);

/// Adds to Program::zeroed the units of registers that some path reads before
/// it writes them, so that what they hold does not depend on earlier blocks.
void findUnwritten(Program &program, const Frame &frame);

} // namespace sluice::sim
