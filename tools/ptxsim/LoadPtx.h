#pragma once

#include "runtime/device/sim/Simulator.h"

namespace sluice::ptxsim {

/// Loads the PTX file `path`, in a simulator that takes no more memory than
/// this host has to give. Errors: BadInput with file:line:column; OutOfMemory.
Result<sim::LoadedModule *> loadPtx(sim::Simulator &simulator,
                                    const std::string &path);

/// "8.8".
std::string versionText(uint32_t version);

} // namespace sluice::ptxsim
