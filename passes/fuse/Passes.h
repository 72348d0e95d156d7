#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Pass/Pass.h"

namespace mlir::sluice {

#define GEN_PASS_DECL
#include "passes/fuse/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/fuse/Passes.h.inc"

} // namespace mlir::sluice
