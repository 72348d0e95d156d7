#pragma once

#include "dialects/plan/PlanDialect.h"

namespace mlir::sluice {

/// What one launch of a kernel takes, whatever the target, as the plan records
/// it (Cost in plan.fbs).
struct KernelCost {
  plan::ExprAttr flops;   // of products; a multiplication and an addition are 2
  plan::ExprAttr weights; // bytes read, each once
  plan::ExprAttr state;   // bytes of logs read and written, by each row anew
};

KernelCost costOf(plan::KernelOp kernel);

} // namespace mlir::sluice
