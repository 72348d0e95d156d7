#pragma once

#include "frontend/importer/BlockBuilder.h"

namespace mlir::sluice::importer {

/// Which of a layer's two blocks.
enum class Site { Attention, FeedForward };

/// A block's input, and how its output goes back into the streams.
struct Entered {
  Value x;    // [T, H], normed
  Value post; // [T, n]
  Value comb; // [T, n, n]
};

/// The streams [T, n, H] at a block's door. Enter.cpp.
Entered enter(BlockBuilder &b, Site site, Value streams);

/// The attention block of the builder's layer: streams -> streams.
/// Attention.cpp.
Value attention(BlockBuilder &b, ::sluice::LayerType type, Value streams,
                Value batch);

/// The experts' block of the builder's layer: streams -> streams.
/// FeedForward.cpp.
Value feedForward(BlockBuilder &b, ::sluice::MlpType type, Value streams,
                  Value ids);

/// The entry point, with a call for each block of each layer. Step.cpp.
func::FuncOp writeStep(Kinds &kinds, WeightTypes &weights,
                       const ::sluice::ModelConfig &config,
                       MLIRContext *context);

} // namespace mlir::sluice::importer
