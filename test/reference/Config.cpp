#include "test/reference/Config.h"

#include <cmath>
#include <optional>
#include <simdjson.h>
#include <stdexcept>

namespace sluice::reference {
namespace {

using Json = simdjson::dom::element;

/// The members of one JSON object, by key, null counting as absent.
class Keys {
public:
  Keys(Json object, std::string where)
      : object(object), where(std::move(where)) {}

  std::optional<Json> find(std::string_view key) const {
    Json value;
    if (object[key].get(value) != simdjson::SUCCESS || value.is_null())
      return std::nullopt;
    return value;
  }

  bool isObject(std::string_view key) const {
    auto value = find(key);
    return value && value->is_object();
  }

  double number(std::string_view key) const {
    auto value = find(key);
    if (!value)
      throw std::runtime_error(where + ": no key \"" + std::string(key) + '"');
    double result = 0;
    if (value->get(result) != simdjson::SUCCESS)
      throw std::runtime_error(where + ": \"" + std::string(key) +
                               "\" is not a number");
    return result;
  }

  double number(std::string_view key, double fallback) const {
    return find(key) ? number(key) : fallback;
  }

  std::int64_t integer(std::string_view key) const {
    return std::int64_t(number(key));
  }

  std::string text(std::string_view key, std::string fallback) const {
    auto value = find(key);
    std::string_view result;
    if (!value || value->get(result) != simdjson::SUCCESS)
      return fallback;
    return std::string(result);
  }

  Keys inside(std::string_view key) const {
    return {*find(key), where + ": " + std::string(key)};
  }

  template <typename T> std::vector<T> list(std::string_view key) const {
    std::vector<T> result;
    if (auto value = find(key))
      for (Json item : value->get_array())
        result.push_back(T(item));
    return result;
  }

private:
  Json object;
  std::string where;
};

Rope readRope(const Keys &keys, double theta, std::int64_t channels,
              bool factorDefaultsToOne) {
  const std::string type = keys.text("rope_type", keys.text("type", "default"));
  if (type == "default")
    return {plainFrequencies(theta, channels), 1};
  if (type != "yarn")
    throw std::runtime_error("rope_type \"" + type + "\" is not known");
  Yarn yarn;
  yarn.factor = keys.number("factor");
  yarn.originalLength = keys.number("original_max_position_embeddings");
  yarn.betaFast = keys.number("beta_fast", 32);
  yarn.betaSlow = keys.number("beta_slow", 1);
  const double fallback =
      factorDefaultsToOne ? 1 : 0.1 * std::log(yarn.factor) + 1;
  return {yarnFrequencies(theta, channels, yarn),
          keys.number("attention_factor", fallback)};
}

void readRopes(Config &config, const Keys &keys) {
  const double mainTheta = keys.number("rope_theta", 10000);
  const double compressTheta = keys.number("compress_rope_theta", 160000);
  const std::int64_t channels = config.ropeChannels;
  if (keys.isObject("rope_parameters")) {
    const Keys both = keys.inside("rope_parameters");
    if (both.isObject("main") && both.isObject("compress")) {
      const Keys main = both.inside("main"), compress = both.inside("compress");
      config.mainRope =
          readRope(main, main.number("rope_theta", mainTheta), channels, false);
      config.compressRope =
          readRope(compress, compress.number("rope_theta", compressTheta),
                   channels, false);
      return;
    }
  }
  config.mainRope = {plainFrequencies(mainTheta, channels), 1};
  config.compressRope = {plainFrequencies(compressTheta, channels), 1};
  for (const char *key : {"rope_scaling", "rope_parameters"})
    if (keys.isObject(key)) {
      config.compressRope =
          readRope(keys.inside(key), compressTheta, channels, true);
      return;
    }
}

LayerConfig layerOf(std::string_view type, std::int64_t sparseRate,
                    std::int64_t heavyRate) {
  if (type == "sliding_attention")
    return {AttentionKind::Sliding, 0, false};
  if (type == "compressed_sparse_attention")
    return {AttentionKind::Sparse, sparseRate, false};
  if (type == "heavily_compressed_attention")
    return {AttentionKind::Heavy, heavyRate, false};
  throw std::runtime_error("layer type \"" + std::string(type) +
                           "\" is not known");
}

std::string_view typeOfRatio(std::int64_t ratio) {
  switch (ratio) {
  case 0:
    return "sliding_attention";
  case 4:
    return "compressed_sparse_attention";
  case 128:
    return "heavily_compressed_attention";
  }
  throw std::runtime_error("compress ratio " + std::to_string(ratio) +
                           " is not 0, 4 or 128");
}

void readSchedule(Config &config, const Keys &keys) {
  double sparse = 4, heavy = 128;
  if (keys.isObject("compress_rates")) {
    const Keys rates = keys.inside("compress_rates");
    sparse = rates.number("compressed_sparse_attention", sparse);
    heavy = rates.number("heavily_compressed_attention", heavy);
  }
  sparse = keys.number("compress_rate_csa", sparse);
  heavy = keys.number("compress_rate_hca", heavy);

  const std::size_t count = keys.integer("num_hidden_layers");
  std::vector<std::string> types;
  for (auto type : keys.list<std::string_view>("layer_types"))
    types.emplace_back(type);
  if (types.empty())
    for (auto ratio : keys.list<std::int64_t>("compress_ratios"))
      types.emplace_back(typeOfRatio(ratio));
  if (types.empty())
    for (std::size_t i = 0; i < count; ++i)
      types.emplace_back(typeOfRatio(i < 2 || i % 2 == 0 ? 128 : 4));
  auto feedForwards = keys.list<std::string_view>("mlp_layer_types");
  const double hashLayers = keys.number("num_hash_layers", 3);
  if (types.size() < count ||
      (!feedForwards.empty() && feedForwards.size() < count))
    throw std::runtime_error("fewer layer types than layers");
  for (std::size_t i = 0; i < count; ++i) {
    config.layers.push_back(
        layerOf(types[i], std::int64_t(sparse), std::int64_t(heavy)));
    config.layers.back().hashRouted = feedForwards.empty()
                                          ? double(i) < hashLayers
                                          : feedForwards[i] == "hash_moe";
  }
}

} // namespace

Config readConfig(const std::string &path) {
  simdjson::dom::parser parser;
  Json root;
  if (auto error = parser.load(path).get(root))
    throw std::runtime_error(path + ": " + simdjson::error_message(error));
  const Keys keys(root, path);
  Config config;
  config.vocabulary = keys.integer("vocab_size");
  config.hidden = keys.integer("hidden_size");
  config.heads = keys.integer("num_attention_heads");
  config.headWidth = keys.integer("head_dim");
  config.queryRank = keys.integer("q_lora_rank");
  config.outGroups = keys.integer("o_groups");
  config.outRank = keys.integer("o_lora_rank");
  config.experts = keys.integer("n_routed_experts");
  config.chosen = keys.integer("num_experts_per_tok");
  config.inner = keys.integer("moe_intermediate_size");
  config.window = keys.integer("sliding_window");
  config.streams = keys.integer("hc_mult");
  config.indexHeads = keys.integer("index_n_heads");
  config.indexWidth = keys.integer("index_head_dim");
  config.indexTop = keys.integer("index_topk");
  config.normEpsilon = keys.number("rms_norm_eps", 1e-6);
  config.limit = keys.number("swiglu_limit", 10);
  config.routedScale = keys.number("routed_scaling_factor", 1.5);
  config.hc.sinkhornIterations =
      std::int64_t(keys.number("hc_sinkhorn_iters", 20));
  config.hc.epsilon = keys.number("hc_eps", 1e-6);
  config.hc.normEpsilon = config.normEpsilon;
  double rotated =
      keys.number("qk_rope_head_dim", double(config.headWidth) / 8);
  if (keys.find("partial_rotary_factor"))
    rotated = double(config.headWidth) * keys.number("partial_rotary_factor");
  config.ropeChannels = std::int64_t(rotated);
  readRopes(config, keys);
  readSchedule(config, keys);
  return config;
}

} // namespace sluice::reference
