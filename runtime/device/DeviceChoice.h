#pragma once

#include "runtime/device/Device.h"

#include <string_view>

namespace sluice {

/// Opens the device that `--device` names:
///
///   cpu, or nothing    the host, with `threads` threads
///   sim                the PTX simulator, on as many
///   sim:checks=all     the same with all its checks; a finding fails the step
///
/// Errors: InvalidArgument for another name.
Result<std::unique_ptr<Device>> openDevice(std::string_view name,
                                           unsigned threads);

} // namespace sluice
