#pragma once

#include "runtime/weights/Checkpoint.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// How a checkpoint of DeepSeek-V4 names its tensors.
enum class NameScheme {
  Released, // layers.0.attn.wq_a.weight
  Modules,  // model.layers.0.self_attn.q_a_proj.weight, experts stacked
  Saved,    // model.layers.0.attn.wq_a.weight: what save_pretrained writes
};

/// The parameters of the model, named after their released tensors.
enum class Param {
  // Of the model.
  Embed,
  Head,
  Norm,
  HcHeadFn,
  HcHeadBase,
  HcHeadScale,
  // Of every layer.
  AttnNorm,
  FfnNorm,
  HcAttnFn,
  HcAttnBase,
  HcAttnScale,
  HcFfnFn,
  HcFfnBase,
  HcFfnScale,
  AttnSink,
  WqA,
  QNorm,
  WqB,
  Wkv,
  KvNorm,
  WoA,
  WoB,
  Gate,
  GateTid2eid, // layers with MlpType::Hash
  GateBias,    // layers with MlpType::Learned
  SharedW1,    // gate
  SharedW2,    // down
  SharedW3,    // up
  ExpertW1,
  ExpertW2,
  ExpertW3,
  // Of Csa and Hca layers.
  CompressorApe,
  CompressorWkv,
  CompressorWgate,
  CompressorNorm,
  // Of Csa layers.
  IndexerWqB,
  IndexerWeightsProj,
  IndexerApe,
  IndexerWkv,
  IndexerWgate,
  IndexerNorm,
};

/// Rows from..to-1 out of every `of` rows of the tensor.
struct ParamRows {
  int64_t from = 0, to = 0, of = 0;
};

/// Where a parameter lies: the tensor `scope` + `leaf`. "{}" stands for the
/// layer; "{e}" for the expert, one tensor each. An expert parameter without
/// "{e}" is one tensor for all experts, [experts, rows, columns].
struct ParamName {
  std::string scope; // "", or ends in a dot: "layers.{}.attn."
  std::string leaf;  // "wq_a.weight", "experts.{e}.w1.weight"
  /// The leaf of its block scales, should the tensor be quantized; empty where
  /// no format has any.
  std::string scale;
  std::optional<ParamRows> rows; // absent: the whole tensor

  /// The part of `scope` that names the layer, "layers.{}."; "" if none does.
  std::string layerPrefix() const;
};

/// The naming of one checkpoint: its scheme, and of each parameter the
/// spelling that is in use.
class Names {
public:
  /// Finds out by the names that are there. `moeIntermediate`: rows of w1 (see
  /// ModelConfig). Errors: BadInput if no scheme fits, with what was looked
  /// for.
  static Result<Names> detect(const Checkpoint &checkpoint,
                              int64_t moeIntermediate);

  /// The names of `scheme`, where a parameter has several the newest.
  Names(NameScheme scheme, int64_t moeIntermediate);

  NameScheme scheme() const { return theScheme; }
  ParamName of(Param param) const;

private:
  NameScheme theScheme;
  int64_t moeIntermediate;
  std::vector<std::string> texts; // by Param: the tensor, from the root
  std::string scaleSuffix;        // in place of ".weight", or after the name
};

std::string_view schemeName(NameScheme scheme);

/// `text` with "{}" replaced by `layer` and "{e}" by `expert`.
std::string fillName(std::string_view text, int64_t layer, int64_t expert = 0);

/// Whether a tensor belongs to the draft head (multi token prediction), which
/// the model itself never reads.
bool isDraftTensor(std::string_view name);

/// The tensors for which `isUsed` is false, draft tensors left out, by name.
std::vector<const TensorInfo *>
unusedTensors(const Checkpoint &checkpoint,
              const std::function<bool(const TensorInfo &)> &isUsed);

} // namespace sluice
