#pragma once

#include "runtime/plan/PlanView.h"

namespace sluice {

/// Reads the Plan section of `container`, whose bytes must be 8-byte aligned,
/// and checks every field of it. Safe on hostile bytes: looks at nothing but
/// them and maps nothing executable. Points into the container's bytes.
/// Errors: BadInput with a sentence that names the field.
Result<PlanView> readPlan(const Container &container);

} // namespace sluice
