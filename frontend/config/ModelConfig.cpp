#include "frontend/config/ModelConfig.h"

#include "frontend/config/ConfigReader.h"
#include "frontend/config/LayerSchedule.h"
#include "frontend/config/RopeKeys.h"
#include "runtime/weights/ConfigFields.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice {

static constexpr int64_t mostWidth = 65536; // of a vector
static constexpr int64_t mostHeads = 1024;
static constexpr int64_t mostTokens =
    (int64_t(1) << 31) - 1; // positions are i32
static constexpr int64_t mostListed = int64_t(1) << 20;

static Status checkArchitecture(const ConfigReader &root) {
  std::optional<Json> type = root.find("model_type");
  if (!type)
    return root.json().error(
        "expected a key \"model_type\"; sluice supports \"deepseek_v4\"");
  SLUICE_ASSIGN(std::string_view name, type->string());
  if (name != "deepseek_v4")
    return type->mismatch("the supported architecture \"deepseek_v4\"");
  std::optional<Json> classes = root.find("architectures");
  if (!classes)
    return {};
  SLUICE_ASSIGN(std::vector<Json> items, classes->items());
  for (const Json &item : items) {
    SLUICE_ASSIGN(std::string_view text, item.string());
    if (text != "DeepseekV4ForCausalLM")
      return item.mismatch(
          "the supported architecture \"DeepseekV4ForCausalLM\"");
  }
  return {};
}

/// Keys that transformers reads and that have one value in all models: another
/// one would be another model than the one we compile.
static Status checkFixedKeys(const ConfigReader &root) {
  if (std::optional<Json> act = root.find("hidden_act")) {
    SLUICE_ASSIGN(std::string_view name, act->string());
    if (name != "silu")
      return act->mismatch("the supported activation \"silu\"");
  }
  for (const char *key : {"num_key_value_heads", "n_shared_experts"})
    if (std::optional<Json> value = root.find(key);
        value && value->canonical() != "1")
      return value->mismatch("1, the only number supported");
  SLUICE_ASSIGN(bool mlpBias, root.boolean("mlp_bias", false));
  if (mlpBias)
    return root.json().error("expected \"mlp_bias\" to be false, found true; "
                             "biases are not supported");
  return {};
}

/// The value of `key`, or of `alias`, which transformers takes for the same.
static Result<int64_t> aliased(const ConfigReader &root, const char *key,
                               const char *alias, int64_t most) {
  if (!root.has(key) && root.has(alias))
    return root.integer(alias, 1, most);
  return root.integer(key, 1, most);
}

static Status readSizes(const ConfigReader &root, ModelConfig &config) {
  SLUICE_ASSIGN(config.vocabSize, root.integer("vocab_size", 1, mostListed));
  SLUICE_ASSIGN(config.hiddenSize, root.integer("hidden_size", 1, mostWidth));
  SLUICE_ASSIGN(config.layers, root.integer("num_hidden_layers", 1, 1024));
  SLUICE_ASSIGN(config.heads,
                root.integer("num_attention_heads", 1, mostHeads));
  SLUICE_ASSIGN(config.headDim, root.integer("head_dim", 2, 8192));
  SLUICE_ASSIGN(config.qLoraRank, root.integer("q_lora_rank", 1, mostWidth));
  SLUICE_ASSIGN(config.oGroups, root.integer("o_groups", 1, mostHeads));
  SLUICE_ASSIGN(config.oLoraRank, root.integer("o_lora_rank", 1, mostWidth));
  SLUICE_ASSIGN(config.slidingWindow,
                root.integer("sliding_window", 1, mostListed));
  SLUICE_ASSIGN(config.indexHeads, root.integer("index_n_heads", 1, mostHeads));
  SLUICE_ASSIGN(config.indexHeadDim, root.integer("index_head_dim", 1, 4096));
  SLUICE_ASSIGN(config.indexTopk, root.integer("index_topk", 1, mostListed));
  if (config.heads % config.oGroups != 0)
    return root.json().error(
        fmt::format("expected \"num_attention_heads\" to be a multiple of "
                    "\"o_groups\", found {} and {}",
                    config.heads, config.oGroups));
  return {};
}

static Status readExperts(const ConfigReader &root, ModelConfig &config) {
  SLUICE_ASSIGN(config.experts,
                aliased(root, "n_routed_experts", "num_local_experts", 4096));
  SLUICE_ASSIGN(config.expertsPerToken,
                root.integer("num_experts_per_tok", 1, 4096));
  SLUICE_ASSIGN(
      config.moeIntermediate,
      aliased(root, "moe_intermediate_size", "intermediate_size", mostWidth));
  if (config.expertsPerToken > config.experts)
    return root.json().error(
        fmt::format("expected \"num_experts_per_tok\" to be at most the number "
                    "of experts, found {} of {}",
                    config.expertsPerToken, config.experts));
  SLUICE_ASSIGN(config.routedScaling,
                root.number("routed_scaling_factor", 0, 1e6, 1.5));
  // Absent means transformers' default; no clamp is said by null or 0.
  if (root.has("swiglu_limit")) {
    SLUICE_ASSIGN(double limit, root.number("swiglu_limit", -1e30, 1e30, 0));
    config.swigluLimit = std::max(limit, 0.0);
  } else {
    config.swigluLimit = 10;
  }
  if (std::optional<Json> scoring = root.find("scoring_func")) {
    SLUICE_ASSIGN(std::string_view name, scoring->string());
    if (name == "sqrtsoftplus")
      config.scoring = Scoring::SqrtSoftplus;
    else if (name == "softmax")
      config.scoring = Scoring::Softmax;
    else if (name == "sigmoid")
      config.scoring = Scoring::Sigmoid;
    else
      return scoring->mismatch(
          "one of \"sqrtsoftplus\", \"softmax\", \"sigmoid\"");
  }
  return {};
}

static Status readStreams(const ConfigReader &root, ModelConfig &config) {
  SLUICE_ASSIGN(config.hcMult, root.integer("hc_mult", 1, 16, 4));
  SLUICE_ASSIGN(config.hcSinkhornIters,
                root.integer("hc_sinkhorn_iters", 1, 1000, 20));
  SLUICE_ASSIGN(config.hcEps, root.number("hc_eps", 0, 1, 1e-6));
  SLUICE_ASSIGN(config.rmsNormEps, root.number("rms_norm_eps", 0, 1, 1e-6));
  return {};
}

static Status readTokens(const ConfigReader &root, ModelConfig &config) {
  SLUICE_ASSIGN(
      config.maxPositions,
      root.integer("max_position_embeddings", 1, mostTokens, int64_t(1) << 20));
  SLUICE_ASSIGN(config.tieWordEmbeddings,
                root.boolean("tie_word_embeddings", false));
  int64_t last = config.vocabSize - 1;
  if (!root.has("bos_token_id")) {
    config.bosId = 0;
  } else if (std::optional<Json> bos = root.find("bos_token_id")) {
    SLUICE_ASSIGN(config.bosId, bos->integer(0, last));
  }
  std::optional<Json> eos = root.find("eos_token_id");
  if (eos && eos->isArray()) {
    SLUICE_ASSIGN(std::vector<Json> items, eos->items());
    for (const Json &item : items) {
      SLUICE_ASSIGN(int64_t id, item.integer(0, last));
      config.eosIds.push_back(id);
    }
  } else if (eos) {
    SLUICE_ASSIGN(int64_t id, eos->integer(0, last));
    config.eosIds = {id};
  } else if (!root.has("eos_token_id")) {
    config.eosIds = {1};
  }
  return {};
}

static Status readQuantization(const ConfigReader &root, ModelConfig &config) {
  std::optional<ConfigReader> keys = root.findObject("quantization_config");
  if (!keys)
    return {};
  std::optional<Json> method = keys->find("quant_method");
  if (!method)
    return keys->json().mismatch("an object with the \"quant_method\" \"fp8\"");
  SLUICE_ASSIGN(std::string_view name, method->string());
  if (name != "fp8")
    return method->mismatch("the supported quantization \"fp8\"");
  if (std::optional<Json> format = keys->find("fmt")) {
    SLUICE_ASSIGN(std::string_view text, format->string());
    if (text != "e4m3")
      return format->mismatch("the supported FP8 format \"e4m3\"");
  }
  if (std::optional<Json> block = keys->find("weight_block_size")) {
    SLUICE_ASSIGN(std::vector<Json> sides, block->items());
    if (sides.size() != 2)
      return block->mismatch("a list [rows, columns]");
    SLUICE_ASSIGN(config.blockRows, sides[0].integer(1, mostWidth));
    SLUICE_ASSIGN(config.blockColumns, sides[1].integer(1, mostWidth));
  }
  return {};
}

Result<ModelConfig> readModelConfig(std::string_view jsonText,
                                    const std::string &fileName) {
  SLUICE_ASSIGN(JsonDocument document,
                JsonDocument::parse(jsonText, fileName, configLimits));
  if (!document.root().isObject())
    return document.root().mismatch("an object");
  ModelConfig config;
  ConfigReader root(document.root(), config.fields);
  SLUICE_TRY(checkArchitecture(root));
  config.architecture = "deepseek_v4";
  SLUICE_TRY(checkFixedKeys(root));
  SLUICE_TRY(readSizes(root, config));
  SLUICE_TRY(readExperts(root, config));
  SLUICE_TRY(readStreams(root, config));
  SLUICE_TRY(readTokens(root, config));
  SLUICE_TRY(readLayerSchedule(root, config));
  SLUICE_TRY(readRope(root, config));
  SLUICE_TRY(readQuantization(root, config));

  bool indexes = std::find(config.layerTypes.begin(), config.layerTypes.end(),
                           LayerType::Csa) != config.layerTypes.end();
  if (indexes && config.ropeDim > config.indexHeadDim)
    return root.json().error(fmt::format(
        "expected \"index_head_dim\" to hold the {} rotated channels, found {}",
        config.ropeDim, config.indexHeadDim));

  // A key that two readers used was recorded twice.
  std::sort(config.fields.begin(), config.fields.end());
  config.fields.erase(std::unique(config.fields.begin(), config.fields.end()),
                      config.fields.end());
  return config;
}

} // namespace sluice
