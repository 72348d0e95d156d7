#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// What model.safetensors.index.json says: which file holds which tensor.
struct ShardIndex {
  std::vector<std::string> shards; // plain file names, sorted, unique; <= 1024
  /// (tensor, index into shards), by tensor name; <= 2,000,000.
  std::vector<std::pair<std::string, uint32_t>> tensors;
};

/// Failures are BadInput and begin with `fileName`. Shard names with a folder
/// in them are refused: an index must not reach outside its own directory.
Result<ShardIndex> readShardIndex(std::string_view text,
                                  const std::string &fileName);

} // namespace sluice
