#pragma once

#include "runtime/plan/PlanView.h"

#include <cstdint>
#include <vector>

namespace sluice {

/// The tensors behind one stack of a plan.
struct StackWeights {
  uint64_t tensors = 0;
  uint64_t bytes = 0; // of all of them, at most 2^64 - 1
};

struct PlanWeights {
  std::vector<StackWeights> stacks; // by Plan.stacks
  uint64_t tensors = 0, bytes = 0;  // each tensor once, however many name it
};

/// What weights `plan` names. No checkpoint is looked at.
PlanWeights weightsOf(const PlanView &plan);

} // namespace sluice
