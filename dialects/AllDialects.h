#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace mlir::sluice {

/// Every dialect of ours and every upstream one that our passes produce.
void registerAllDialects(DialectRegistry &registry);

} // namespace mlir::sluice
