#pragma once

#include "dialects/plan/PlanDialect.h"
#include "test/passes/lower/KernelHarness.h"

namespace sluice::test {

/// The GPUs that the environment asks for.
std::vector<std::string> gpuTargets();

/// Runs a variant for a GPU in the simulator with all checks, in every schedule
/// and asynchrony mode: all must leave the same bytes, without a finding. Those
/// go to `written`.
void runOnSimulator(mlir::sluice::plan::KernelOp kernel,
                    mlir::sluice::plan::VariantOp variant,
                    const Symbols &symbols,
                    const std::vector<std::uint64_t> &words,
                    const std::vector<Bytes> &written);

} // namespace sluice::test
