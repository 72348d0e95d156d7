#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/sim/Simulator.h"

#include <functional>
#include <memory>
#include <string_view>

namespace sluice {

struct SimDeviceOptions {
  /// Of every launch. Findings of a launch are a DeviceError of it.
  sim::LaunchOptions launch;
  uint64_t memoryBytes = uint64_t(1) << 40; // that may be allocated
  /// Told of every launch that succeeded.
  std::function<void(std::string_view kernel, const sim::LaunchReport &)>
      observe = {};
};

/// A GPU in software as a device: runs the PTX of a target of kind Cuda. A
/// kernel receives the words of its stage as 64-bit parameters, and the stage's
/// scratch as dynamic shared memory. Everything completes before its call
/// returns. Memory is not visible to the host but through copies; shared host
/// bytes are read where they lie.
std::unique_ptr<Device> createSimDevice(const SimDeviceOptions &options);

} // namespace sluice
