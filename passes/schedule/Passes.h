#pragma once

#include "mlir/Pass/Pass.h"

namespace mlir::sluice {

#define GEN_PASS_DECL
#include "passes/schedule/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/schedule/Passes.h.inc"

} // namespace mlir::sluice
