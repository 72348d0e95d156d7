#pragma once

#include "frontend/config/ModelConfig.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A config in the released form, as (key, JSON value); tests change one thing.
class ConfigText {
public:
  ConfigText() {
    for (const char *key : {"hidden_size", "moe_intermediate_size"})
      set(key, "128");
    set("model_type", "\"deepseek_v4\"");
    set("architectures", "[\"DeepseekV4ForCausalLM\"]");
    set("vocab_size", "257");
    set("num_hidden_layers", "4");
    set("num_attention_heads", "4");
    set("head_dim", "64");
    set("qk_rope_head_dim", "16");
    set("q_lora_rank", "96");
    set("o_groups", "2");
    set("o_lora_rank", "32");
    set("n_routed_experts", "8");
    set("num_experts_per_tok", "2");
    set("sliding_window", "32");
    set("index_n_heads", "16");
    set("index_head_dim", "32");
    set("index_topk", "16");
    set("compress_ratios", "[0,4,128,4,0]");
    set("rope_scaling",
        R"({"type":"yarn","factor":16,"beta_fast":32,)"
        R"("beta_slow":1,"original_max_position_embeddings":256})");
  }

  ConfigText &set(const std::string &key, const std::string &value) {
    drop(key);
    keys.emplace_back(key, value);
    return *this;
  }
  ConfigText &drop(const std::string &key) {
    std::erase_if(keys, [&](const auto &pair) { return pair.first == key; });
    return *this;
  }

  std::string text() const {
    std::string result = "{";
    for (const auto &[key, value] : keys)
      result.append(result.size() > 1 ? ",\"" : "\"")
          .append(key)
          .append("\":")
          .append(value);
    return result + "}";
  }

  ModelConfig read() const {
    Result<ModelConfig> config = readModelConfig(text(), "config.json");
    EXPECT_TRUE(config.ok()) << config.status().message();
    return config.ok() ? *config : ModelConfig();
  }

private:
  std::vector<std::pair<std::string, std::string>> keys;
};

} // namespace sluice
