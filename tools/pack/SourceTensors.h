#pragma once

#include "frontend/config/ModelConfig.h"
#include "passes/quantize/rules/QuantizeRules.h"
#include "runtime/weights/Checkpoint.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// One tensor of a packed model and where its numbers are.
struct SourceTensor {
  std::string name; // as released
  const TensorInfo *tensor = nullptr;
  uint64_t offset = 0; // of its first byte in the file of `tensor`
  std::vector<int64_t> shape;
  uint64_t bytes = 0;
  /// Whether it may be quantized; it then has two dimensions, and is F32 or
  /// BF16.
  std::optional<WeightClass> weights;
};

/// All tensors of `checkpoint` under their released names, in the order of its
/// files, experts one by one. Tensors that are none of the model's keep their
/// names and get a warning; those of draft layers belong to it. Errors:
/// BadInput if one is missing, or is quantized already.
Result<std::vector<SourceTensor>>
sourceTensors(const Checkpoint &checkpoint, const ModelConfig &config,
              std::vector<std::string> &warnings);

} // namespace sluice
