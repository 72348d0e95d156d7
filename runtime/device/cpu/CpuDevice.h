#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/cpu/HostFeatures.h"

#include <memory>

namespace sluice {

/// The host as a device: everything completes before its call returns, memory
/// is host memory, and weights are used where they lie.
/// `threads` counts the caller of launch. Errors: as ThreadPool::create.
Result<std::unique_ptr<Device>>
createCpuDevice(unsigned threads,
                const CpuRegisters &registers = CpuRegisters::read());

/// Processors this process may run on.
unsigned availableThreads();

} // namespace sluice
