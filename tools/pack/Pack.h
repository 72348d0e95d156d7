#pragma once

#include "tools/pack/PackShard.h"

#include <functional>
#include <string>
#include <vector>

namespace sluice {

struct PackOptions {
  std::string model;  // a Hugging Face model directory, F32 or BF16
  std::string output; // the folder to make of it
  std::string rules;  // see QuantizeRules
  ScaleChoice scales = ScaleChoice::Search; // of MXFP4
  ColumnImportance importance;              // empty: all columns alike
  uint64_t shardBytes = uint64_t(4) << 30;
  unsigned threads = 1;
  /// Told how many bytes of the source are done, one call at a time; false:
  /// stop. What is finished stays, for the same job to go on from.
  std::function<bool(uint64_t done, uint64_t total)> progress;
};

/// What became of one weight.
struct PackedWeight {
  std::string name;
  BlockFormat format = BlockFormat::Plain;
  int64_t rows = 0, columns = 0;
  uint64_t bytes = 0; // elements and scales
  Distortion cost;
};

struct PackSummary {
  std::vector<PackedWeight> weights; // those with a format, in file order
  std::vector<std::string> warnings;
  uint64_t sourceBytes = 0; // of all tensors
  uint64_t bytes = 0;       // of all files with tensors
  size_t tensors = 0, shards = 0;
  bool resumed = false;
};

/// Writes the model `options.output`: tensors in released names and formats,
/// config.json, an index, and what else lies beside the source but for weights.
/// The same options and source give the same bytes, whatever the threads and
/// the interruptions. Errors: InvalidArgument for rules that do not fit the
/// model, BadInput for a damaged model or a number that is not finite,
/// OutputNotWritten; Failed when told to stop.
Result<PackSummary> packModel(const PackOptions &options);

/// Whether packModel could begin, the folder and its room included, without
/// weights being read; and whether any tensor becomes MXFP4. Leaves no trace.
Result<bool> checkPack(const PackOptions &options);

} // namespace sluice
