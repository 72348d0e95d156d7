#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// The key set of a layer beside its window: nothing, chosen compressed
/// entries, all compressed entries.
enum class LayerType { Sliding, Csa, Hca };
/// Who chooses the experts: a table by token id, or the router.
enum class MlpType { Hash, Learned };
enum class Scoring { SqrtSoftplus, Softmax, Sigmoid };

/// Angle of pair j at position p: p * inverseFrequencies[j]. Scaling (YaRN) is
/// folded in.
struct RopeConfig {
  std::vector<double> inverseFrequencies; // ropeDim / 2
  double attentionFactor = 1.0;           // multiplies cos and sin
};

/// A DeepSeek-V4 config.json, checked: every number is in range and the
/// relations between them hold, so users multiply without a second look.
struct ModelConfig {
  std::string architecture; // "deepseek_v4"

  int64_t vocabSize = 0;       // 1..2^20
  int64_t hiddenSize = 0;      // 1..65536
  int64_t layers = 0;          // 1..1024
  int64_t heads = 0;           // 1..1024, a multiple of oGroups
  int64_t headDim = 0;         // 2..8192
  int64_t ropeDim = 0;         // even; <= headDim, and <= indexHeadDim with CSA
  int64_t qLoraRank = 0;       // 1..65536
  int64_t oGroups = 0;         // 1..1024
  int64_t oLoraRank = 0;       // 1..65536
  int64_t experts = 0;         // 1..4096
  int64_t expertsPerToken = 0; // 1..experts
  int64_t moeIntermediate = 0; // 1..65536, of each expert and the shared one
  int64_t sharedExperts = 1;   // always 1
  int64_t slidingWindow = 0;   // 1..2^20 tokens, the query's own included
  int64_t hcMult = 0;          // 1..16 residual streams
  int64_t hcSinkhornIters = 0; // 1..1000
  double hcEps = 0;
  double rmsNormEps = 0;
  int64_t indexHeads = 0;   // 1..1024
  int64_t indexHeadDim = 0; // 1..4096
  int64_t indexTopk = 0;    // 1..2^20 entries
  double swigluLimit = 0;   // > 0, or 0: no clamp
  double routedScaling = 1; // multiplies the normalized routing weights
  Scoring scoring = Scoring::SqrtSoftplus;

  std::vector<LayerType> layerTypes; // [layers]
  std::vector<MlpType> mlpTypes;     // [layers]
  int64_t csaRate = 0;               // 1..65536 tokens a compressed entry
  int64_t hcaRate = 0;

  RopeConfig mainRope;     // of Sliding layers
  RopeConfig compressRope; // of Csa and Hca layers, for all that they rotate

  int64_t maxPositions = 0;     // 1..2^31 - 1
  std::optional<int64_t> bosId; // < vocabSize
  std::vector<int64_t> eosIds;  // each < vocabSize; may be empty
  bool tieWordEmbeddings = false;

  /// Rows and columns of the weight block that shares one scale, in tensors
  /// stored as FP8. Whether there are any, only the tensors themselves tell.
  int64_t blockRows = 128, blockColumns = 128; // 1..65536

  /// The keys that decided any of this and were there, with their values in
  /// Json::canonical form, sorted; nested keys as "rope_scaling.factor". This
  /// is what a plan records (runtime/weights/ConfigFields.h).
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Reads the text of a config.json: released keys, those transformers writes
/// on saving, and older ones (spec 2.1, 2.2). Keys without effect on inference
/// are ignored. Failures are BadInput and begin with `fileName`; each names
/// the key, what is supported and what was found.
Result<ModelConfig> readModelConfig(std::string_view jsonText,
                                    const std::string &fileName);

} // namespace sluice
