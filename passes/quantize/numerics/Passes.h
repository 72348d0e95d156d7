#pragma once

#include "dialects/scaled/ScaledDialect.h"
#include "mlir/Pass/Pass.h"

namespace mlir::sluice {

#define GEN_PASS_DECL
#include "passes/quantize/numerics/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/quantize/numerics/Passes.h.inc"

} // namespace mlir::sluice
