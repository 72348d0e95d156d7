#pragma once

#include <string>

namespace mlir::sluice {

/// Every pass of the pipeline, in the order in which they run: its name, and
/// what it does, needs, gives and saves, as docs/reference/passes.md has it.
std::string listPasses();

} // namespace mlir::sluice
