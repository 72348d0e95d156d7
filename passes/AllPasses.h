#pragma once

namespace mlir::sluice {

/// Every pass of ours, and the pipeline, for tools that take them by name.
void registerAllPasses();

} // namespace mlir::sluice
