#pragma once

#include "passes/quantize/formats/EncodeMxfp4.h"
#include "tools/pack/PackLayout.h"
#include "tools/pack/ShardFile.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sluice {

/// What an error in a weight counts for: by its column, at any scale. Names as
/// released. A weight without an entry counts all columns alike.
using ColumnImportance = std::map<std::string, std::vector<float>, std::less<>>;

struct ShardWork {
  ScaleChoice scales = ScaleChoice::Search;
  const ColumnImportance *importance = nullptr;
  unsigned threads = 1;
  /// Told of bytes of the source that are done, by any thread; false: stop.
  std::function<bool(uint64_t)> progress;
};

/// Encodes and copies the tensors of one shard, piece by piece on all threads,
/// a few MiB each; nothing larger is ever in memory. `sources` are open by the
/// shard number of the source. Returns what the encoding of each tensor of the
/// shard costs; the same for every number of threads. Errors: BadInput for a
/// number that is not finite, OutputNotWritten; Failed when told to stop.
Result<std::vector<Distortion>>
packShard(const PackLayout &layout, const PackedShard &shard,
          const std::vector<SourceFile> &sources, const ShardFile &output,
          const ShardWork &work);

} // namespace sluice
