#pragma once

#include "passes/quantize/rules/QuantizeRules.h"
#include "tools/pack/SourceTensors.h"

#include <string>
#include <vector>

namespace sluice {

/// A tensor of the packed model and where in which file its bytes go.
struct PackedTensor {
  SourceTensor source;
  BlockFormat format = BlockFormat::Plain;
  uint32_t shard = 0;
  uint64_t offset = 0; // of the elements, in the file of the shard
  uint64_t bytes = 0;
  uint64_t scaleOffset = 0; // quantized only
  uint64_t scaleBytes = 0;
  std::string scaleName;
};

struct PackedShard {
  std::string name;   // "model-00001-of-00003.safetensors"
  std::string header; // the file up to the tensor data, length included
  uint64_t bytes = 0; // of the file
  size_t firstTensor = 0, endTensor = 0; // its part of PackLayout::tensors
};

struct PackLayout {
  std::vector<PackedTensor> tensors; // in the order of the source's files
  std::vector<PackedShard> shards;
  std::string index; // the text of model.safetensors.index.json
  uint64_t sourceBytes = 0, bytes = 0;

  bool uses(BlockFormat format) const;
};

/// Decides the format and the place of every tensor. A shard takes tensors up
/// to `shardBytes`, at least one. Errors: InvalidArgument for rules that do not
/// fit the model, and for a size that a format does not take.
Result<PackLayout> layOut(std::vector<SourceTensor> sources,
                          QuantizeRules &rules, uint64_t shardBytes);

} // namespace sluice
