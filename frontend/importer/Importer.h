#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace sluice {
class Checkpoint;
struct ModelConfig;
} // namespace sluice

namespace mlir::sluice {

/// The module of a model: a private function per kind of block over names, and
/// `step`, which calls them layer by layer. Reads headers of the checkpoint,
/// no weights. Every weight's stored type and shape is checked against what
/// `config` asks for; each fault is an error on `context`'s diagnostics, and
/// tensors that nothing reads are a warning. The dialects of
/// registerAllDialects must be registered with `context`.
FailureOr<OwningOpRef<ModuleOp>>
importModel(MLIRContext *context, const ::sluice::ModelConfig &config,
            const ::sluice::Checkpoint &checkpoint);

} // namespace mlir::sluice
