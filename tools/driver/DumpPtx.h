#pragma once

#include "runtime/plan/PlanView.h"

#include <string>

namespace sluice {

/// A PTX file with the entries of one kernel, or of "all", and all that is
/// declared beside entries: an assembler or sluice-ptxsim takes it as it is.
/// Errors:
/// InvalidArgument for a kernel that the plan has not, or has no PTX for.
Result<std::string> dumpPtx(const PlanView &plan, uint32_t target,
                            std::string_view kernel);

} // namespace sluice
