#pragma once

#include "dialects/plan/PlanDialect.h"
#include "test/passes/lower/KernelHarness.h"

namespace sluice::test {

std::int64_t evaluate(mlir::sluice::plan::ExprAttr expr,
                      const Symbols &symbols);

} // namespace sluice::test
