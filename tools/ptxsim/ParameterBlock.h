#pragma once

#include "runtime/device/sim/Simulator.h"
#include "tools/ptxsim/Argument.h"

#include <span>
#include <vector>

namespace sluice::ptxsim {

/// Whether each of the kernel's parameters has an argument that it can take.
/// Errors: InvalidArgument, which names the parameter.
Status checkArguments(const sim::KernelInfo &kernel,
                      std::span<const Argument> arguments);

/// Sets a parameter in the block of them.
void setParameter(std::vector<std::byte> &block,
                  const sim::KernelInfo::Parameter &parameter,
                  const void *value);

} // namespace sluice::ptxsim
