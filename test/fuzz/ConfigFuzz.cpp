// Any bytes are a config.json or a refusal with a sentence; what is accepted
// keeps the promises of ModelConfig, and its fields are found again.

#include "frontend/config/ModelConfig.h"
#include "runtime/weights/ConfigFields.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

using namespace sluice;

static void require(bool condition) {
  if (!condition)
    std::abort(); // libFuzzer keeps the input
}

static void requireRope(const RopeConfig &rope, int64_t ropeDim) {
  require(static_cast<int64_t>(rope.inverseFrequencies.size()) == ropeDim / 2);
  for (double frequency : rope.inverseFrequencies)
    require(std::isfinite(frequency) && frequency >= 0);
  require(std::isfinite(rope.attentionFactor));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  Result<ModelConfig> config = readModelConfig(text, "f");
  if (!config.ok()) {
    require(config.status().code() == StatusCode::BadInput);
    require(config.status().message().starts_with("f: ") &&
            config.status().message().size() < 4096);
    return 0;
  }
  require(static_cast<int64_t>(config->layerTypes.size()) == config->layers);
  require(static_cast<int64_t>(config->mlpTypes.size()) == config->layers);
  require(config->heads % config->oGroups == 0);
  require(config->expertsPerToken <= config->experts);
  require(config->ropeDim % 2 == 0 && config->ropeDim <= config->headDim);
  require(config->blockRows > 0 && config->blockColumns > 0);
  requireRope(config->mainRope, config->ropeDim);
  requireRope(config->compressRope, config->ropeDim);
  std::vector<std::string> keys;
  for (const auto &[key, value] : config->fields)
    keys.push_back(key);
  auto again = readConfigFields(text, "f", keys);
  require(again.ok() && *again == config->fields);
  return 0;
}
