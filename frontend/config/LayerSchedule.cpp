#include "frontend/config/LayerSchedule.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice {

static constexpr const char *csaName = "compressed_sparse_attention";
static constexpr const char *hcaName = "heavily_compressed_attention";

/// The items of `list` for the layers there are: what follows belongs to draft
/// layers.
static Result<std::vector<Json>> itemsByLayer(const Json &list,
                                              int64_t layers) {
  SLUICE_ASSIGN(std::vector<Json> items, list.items());
  if (static_cast<int64_t>(items.size()) < layers)
    return list.mismatch(fmt::format(
        "an entry for each of the {} layers of \"num_hidden_layers\"", layers));
  return items;
}

static Result<LayerType> layerTypeOf(const Json &item) {
  SLUICE_ASSIGN(std::string_view name, item.string());
  if (name == "sliding_attention")
    return LayerType::Sliding;
  if (name == csaName)
    return LayerType::Csa;
  if (name == hcaName)
    return LayerType::Hca;
  return item.mismatch(fmt::format(
      "one of \"sliding_attention\", \"{}\", \"{}\"", csaName, hcaName));
}

static Result<LayerType> layerTypeOfRatio(const Json &item) {
  Result<int64_t> ratio = item.integer(0, 128);
  if (ratio.ok() && *ratio == 0)
    return LayerType::Sliding;
  if (ratio.ok() && *ratio == 4)
    return LayerType::Csa;
  if (ratio.ok() && *ratio == 128)
    return LayerType::Hca;
  return item.mismatch("a ratio of 0, 4 or 128 (others need \"layer_types\" "
                       "and \"compress_rates\")");
}

static Result<std::vector<LayerType>> readLayerTypes(const ConfigReader &root,
                                                     int64_t layers) {
  std::vector<LayerType> types;
  std::optional<Json> named = root.find("layer_types");
  std::optional<Json> ratios =
      named ? std::nullopt : root.find("compress_ratios");
  if (named || ratios) {
    SLUICE_ASSIGN(std::vector<Json> items,
                  itemsByLayer(named ? *named : *ratios, layers));
    for (const Json &item : items) {
      SLUICE_ASSIGN(LayerType type,
                    named ? layerTypeOf(item) : layerTypeOfRatio(item));
      types.push_back(type);
    }
    types.resize(static_cast<size_t>(layers));
    return types;
  }
  // What transformers assumes. No released model is like this.
  for (int64_t i = 0; i < layers; ++i)
    types.push_back(i >= 2 && i % 2 == 1 ? LayerType::Csa : LayerType::Hca);
  return types;
}

static Result<std::vector<MlpType>> readMlpTypes(const ConfigReader &root,
                                                 int64_t layers) {
  std::vector<MlpType> types;
  if (std::optional<Json> named = root.find("mlp_layer_types")) {
    SLUICE_ASSIGN(std::vector<Json> items, itemsByLayer(*named, layers));
    for (const Json &item : items) {
      SLUICE_ASSIGN(std::string_view name, item.string());
      if (name != "hash_moe" && name != "moe")
        return item.mismatch("\"hash_moe\" or \"moe\"");
      types.push_back(name == "moe" ? MlpType::Learned : MlpType::Hash);
    }
    types.resize(static_cast<size_t>(layers));
    return types;
  }
  SLUICE_ASSIGN(int64_t hashed, root.integer("num_hash_layers", 0, 65536, 3));
  for (int64_t i = 0; i < layers; ++i)
    types.push_back(i < hashed ? MlpType::Hash : MlpType::Learned);
  return types;
}

/// The tokens a compressed entry of `type` stands for: the older key `scalar`
/// wins over "compress_rates".
static Result<int64_t> readRate(const ConfigReader &root, const char *scalar,
                                const char *type, bool needed,
                                int64_t fallback) {
  constexpr int64_t most = 65536;
  if (std::optional<Json> value = root.find(scalar))
    return value->integer(1, most);
  std::optional<ConfigReader> rates = root.findObject("compress_rates");
  if (!rates)
    return fallback;
  if (!rates->json().isObject())
    return rates->json().mismatch("an object with a rate for each layer type");
  return needed ? rates->integer(type, 1, most)
                : rates->integer(type, 1, most, fallback);
}

Status readLayerSchedule(const ConfigReader &root, ModelConfig &config) {
  SLUICE_ASSIGN(config.layerTypes, readLayerTypes(root, config.layers));
  SLUICE_ASSIGN(config.mlpTypes, readMlpTypes(root, config.layers));
  auto has = [&](LayerType type) {
    return std::find(config.layerTypes.begin(), config.layerTypes.end(),
                     type) != config.layerTypes.end();
  };
  SLUICE_ASSIGN(config.csaRate, readRate(root, "compress_rate_csa", csaName,
                                         has(LayerType::Csa), 4));
  SLUICE_ASSIGN(config.hcaRate, readRate(root, "compress_rate_hca", hcaName,
                                         has(LayerType::Hca), 128));
  return {};
}

} // namespace sluice
