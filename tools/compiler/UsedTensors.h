#pragma once

#include "runtime/weights/Checkpoint.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace mlir::sluice {

/// The tensors of `checkpoint` behind the stacks that the entry of a flat
/// `module` uses, each once: what a plan of it will name.
std::vector<const ::sluice::TensorInfo *>
usedTensors(ModuleOp module, const ::sluice::Checkpoint &checkpoint);

} // namespace mlir::sluice
