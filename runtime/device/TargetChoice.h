#pragma once

#include "runtime/device/Device.h"

#include <string_view>

namespace sluice {

/// The target of `plan` to run on `device`, as an index: the one called
/// `forced`, or, if that is empty, the last listed of those that fit.
/// Errors: InvalidArgument if no target is called `forced`; Incompatible if the
/// device cannot run it, or none.
Result<uint32_t> chooseTarget(const Device &device, const PlanView &plan,
                              std::string_view forced);

} // namespace sluice
