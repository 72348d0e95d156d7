#pragma once

#include "runtime/device/Device.h"

#include <string_view>

namespace sluice {

/// Opens the device that `--device` names:
///
///   cpu                the host, with `threads` threads
///   cuda, cuda:N       an NVIDIA GPU, the first unless N says otherwise
///   sim                the PTX simulator, with `threads` threads
///   sim:checks=all     the same with all its checks; a finding fails the step
///
/// Nothing: the first GPU if there is one and `plan` has PTX that it takes,
/// else the host. Errors: InvalidArgument for another name; DeviceError if a
/// GPU is asked for and there is none.
Result<std::unique_ptr<Device>>
openDevice(std::string_view name, const PlanView &plan, unsigned threads);

} // namespace sluice
