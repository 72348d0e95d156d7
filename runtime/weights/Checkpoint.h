#pragma once

#include "runtime/base/MappedFile.h"
#include "runtime/base/Status.h"
#include "runtime/weights/SafetensorsHeader.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The tensors of a Hugging Face model directory: model.safetensors, or the
/// shards that model.safetensors.index.json names. All files are mapped, their
/// headers are read and checked, tensor data is not touched. Constant after
/// open: any number of threads may read.
class Checkpoint {
public:
  /// Errors: BadInput (a sentence that begins with the file), OutOfMemory.
  static Result<Checkpoint> open(const std::string &directory);

  /// Null if there is none of this name. Pointers and data stay good for as
  /// long as the checkpoint, also when it is moved.
  const TensorInfo *find(std::string_view name) const;

  /// All tensors by name, ascending bytewise; names are unique.
  std::span<const TensorInfo> tensors() const { return theTensors; }

  /// The `tensor.bytes` bytes of one of its tensors, as in the file: little
  /// endian, aligned to nothing in particular.
  const std::byte *data(const TensorInfo &tensor) const {
    return files[tensor.shard].data() + tensor.offset;
  }

  const std::string &directory() const { return theDirectory; }
  /// File names without folder; TensorInfo::shard indexes them.
  std::span<const std::string> shards() const { return theShards; }
  uint64_t shardBytes(uint32_t shard) const { return files[shard].size(); }

private:
  std::string theDirectory;
  std::vector<std::string> theShards;
  std::vector<MappedFile> files;
  std::vector<TensorInfo> theTensors;
};

} // namespace sluice
