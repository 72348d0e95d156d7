// Configs that are damaged, impossible or of another architecture: each is
// refused with a sentence that names the key, code BadInput (exit code 3).

#include "frontend/config/ModelConfig.h"

#include "test/frontend/config/ConfigText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

static std::string refusal(const std::string &text) {
  Result<ModelConfig> config = readModelConfig(text, "config.json");
  if (config.ok())
    return "accepted";
  EXPECT_EQ(exitCode(config.status().code()), 3);
  EXPECT_THAT(config.status().message(), testing::StartsWith("config.json: "));
  return config.status().message();
}

TEST(BadConfigTest, WhatIsNoObjectIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("expected JSON"));
  EXPECT_THAT(refusal("[]"),
              HasSubstr("expected an object, found a list of 0"));
  EXPECT_THAT(refusal("{}"), HasSubstr("expected a key \"model_type\""));
  EXPECT_THAT(refusal(std::string(100000, '[')), HasSubstr("expected JSON"));
  EXPECT_THAT(refusal("{\"a\":" + std::string(100, '[') + "1" +
                      std::string(100, ']') + "}"),
              HasSubstr("at most 32 nested"));
  EXPECT_THAT(refusal("{\"a\":\"" + std::string(1 << 20, 'x') + "\"}"),
              HasSubstr("at most 1048576 bytes of JSON"));
  EXPECT_THAT(refusal(R"({"model_type":"deepseek_v4","model_type":"llama"})"),
              HasSubstr("found \"model_type\" twice"));
}

TEST(BadConfigTest, AMissingSizeIsNamed) {
  for (const char *key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "head_dim", "q_lora_rank", "o_groups", "o_lora_rank",
        "n_routed_experts", "num_experts_per_tok", "moe_intermediate_size",
        "sliding_window", "index_n_heads", "index_head_dim", "index_topk"}) {
    EXPECT_THAT(refusal(ConfigText().drop(key).text()),
                HasSubstr(std::string("expected a key \"") + key + "\""));
    EXPECT_THAT(refusal(ConfigText().set(key, "null").text()),
                HasSubstr(std::string("expected a key \"") + key + "\""));
    for (const char *value : {"0", "-1", "1.5", "\"4\"", "1e3", "true", "[4]",
                              "9223372036854775807", "18446744073709551615"})
      EXPECT_THAT(
          refusal(ConfigText().set(key, value).text()),
          HasSubstr(std::string("\"") + key + "\": expected an integer from "))
          << value;
  }
}

namespace {
struct BadKey {
  const char *key, *value, *sentence;
};
} // namespace

TEST(BadConfigTest, EachValueIsRefusedWithItsSentence) {
  for (const BadKey &bad : std::vector<BadKey>{
           {"model_type", R"("deepseek_v41")",
            "\"model_type\": expected the supported architecture "
            "\"deepseek_v4\", found \"deepseek_v41\""},
           {"model_type", "4", "\"model_type\": expected a string, found 4"},
           {"model_type", R"("llama\n\u001b[2J")",
            "found \"llama\\x0a\\x1b[2J\""},
           {"architectures", R"(["LlamaForCausalLM"])",
            "\"architectures[0]\": expected the supported architecture "
            "\"DeepseekV4ForCausalLM\", found \"LlamaForCausalLM\""},
           {"architectures", R"("DeepseekV4ForCausalLM")", "expected a list"},
           {"vocab_size", "1048577", "from 1 to 1048576, found 1048577"},
           {"hidden_size", "65537", "from 1 to 65536, found 65537"},
           {"num_hidden_layers", "1025", "from 1 to 1024, found 1025"},
           {"n_routed_experts", "4097", "from 1 to 4096, found 4097"},
           {"num_experts_per_tok", "9", "found 9 of 8"},
           {"o_groups", "3", "a multiple of \"o_groups\", found 4 and 3"},
           {"num_attention_heads", "5", "found 5 and 2"},
           {"num_key_value_heads", "2",
            "\"num_key_value_heads\": expected 1, the only number supported, "
            "found 2"},
           {"n_shared_experts", "0", "expected 1, the only number supported"},
           {"hidden_act", R"("gelu")", "the supported activation \"silu\""},
           {"mlp_bias", "true", "expected \"mlp_bias\" to be false"},
           {"hc_mult", "17", "an integer from 1 to 16, found 17"},
           {"hc_sinkhorn_iters", "0", "an integer from 1 to 1000, found 0"},
           {"hc_eps", "-1e-6", "a number from 0 to 1, found -1e-06"},
           {"rms_norm_eps", "\"1e-6\"", "a number from 0 to 1, found \"1e-6\""},
           {"routed_scaling_factor", "[]", "found a list of 0"},
           {"swiglu_limit", "\"none\"", "found \"none\""},
           {"scoring_func", R"("tanh")",
            "one of \"sqrtsoftplus\", \"softmax\", \"sigmoid\", found "
            "\"tanh\""},
           {"compress_ratios", "[0,4,8,4]",
            "\"compress_ratios[2]\": expected a ratio of 0, 4 or 128"},
           {"compress_ratios", "[0,4,128,4,9]", "\"compress_ratios[4]\""},
           {"compress_ratios", "[0,4,128]",
            "an entry for each of the 4 layers of \"num_hidden_layers\", found "
            "a "
            "list of 3"},
           {"compress_ratios", "4", "expected a list, found 4"},
           {"layer_types", R"(["sliding_attention"])", "of the 4 layers"},
           {"layer_types", R"(["full_attention",0,0,0])",
            "\"layer_types[0]\": expected one of \"sliding_attention\""},
           {"mlp_layer_types", R"(["dense","moe","moe","moe"])",
            "\"mlp_layer_types[0]\": expected \"hash_moe\" or \"moe\""},
           {"mlp_layer_types", R"(["moe"])", "of the 4 layers"},
           {"num_hash_layers", "-1", "found -1"},
           {"compress_rates", "4", "an object with a rate"},
           {"compress_rates", R"({"compressed_sparse_attention":4})",
            "expected a key \"heavily_compressed_attention\""},
           {"compress_rates", R"({"compressed_sparse_attention":0})",
            "\"compress_rates.compressed_sparse_attention\": expected an "
            "integer "
            "from 1 to 65536, found 0"},
           {"compress_rate_csa", "0", "\"compress_rate_csa\""},
           {"qk_rope_head_dim", "15", "expected an even number of rotated"},
           {"qk_rope_head_dim", "66", "an integer from 2 to 64, found 66"},
           {"partial_rotary_factor", "0.5",
            "expected one number of rotated channels, found 16 by "
            "\"qk_rope_head_dim\" and 32"},
           {"partial_rotary_factor", "1.5", "a number from 0 to 1, found 1.5"},
           {"index_head_dim", "8",
            "expected \"index_head_dim\" to hold the 16 rotated channels"},
           {"rope_theta", "1", "\"rope_theta\": expected a number from 1.0001"},
           {"compress_rope_theta", "0", "found 0"},
           {"rope_scaling", "16", "expected an object, found 16"},
           {"rope_scaling", R"({"type":"llama3"})",
            "\"rope_scaling.type\": expected a rope type \"default\" or "
            "\"yarn\", "
            "found \"llama3\""},
           {"rope_scaling", R"({"type":"yarn","rope_type":"linear"})",
            "\"rope_scaling.rope_type\""},
           {"rope_scaling", R"({"type":"yarn"})", "expected a key \"factor\""},
           {"rope_scaling",
            R"({"type":"yarn","factor":0.5,
                "original_max_position_embeddings":64})",
            "\"rope_scaling.factor\": expected a number from 1 to"},
           {"rope_scaling", R"({"type":"yarn","factor":2})",
            "expected a key \"original_max_position_embeddings\""},
           {"rope_scaling",
            R"({"type":"yarn","factor":2,"original_max_position_embeddings":64,
                "beta_fast":1,"beta_slow":2})",
            "expected \"beta_fast\" above \"beta_slow\", found 1 and 2"},
           {"rope_parameters", "{}", "found both; remove one"},
           {"max_position_embeddings", "2147483648", "found 2147483648"},
           {"tie_word_embeddings", "0", "expected true or false, found 0"},
           {"bos_token_id", "257", "an integer from 0 to 256, found 257"},
           {"eos_token_id", "[1,-1]", "\"eos_token_id[1]\""},
           {"eos_token_id", "\"</s>\"", "found \"</s>\""},
           {"quantization_config", "{}", "the \"quant_method\" \"fp8\""},
           {"quantization_config", R"({"quant_method":"awq"})",
            "the supported quantization \"fp8\", found \"awq\""},
           {"quantization_config", R"({"quant_method":"fp8","fmt":"e5m2"})",
            "the supported FP8 format \"e4m3\""},
           {"quantization_config",
            R"({"quant_method":"fp8","weight_block_size":[128]})",
            "expected a list [rows, columns]"},
           {"quantization_config",
            R"({"quant_method":"fp8","weight_block_size":[128,0]})",
            "\"quantization_config.weight_block_size[1]\""},
       })
    EXPECT_THAT(refusal(ConfigText().set(bad.key, bad.value).text()),
                HasSubstr(bad.sentence))
        << bad.key << " = " << bad.value;
}

TEST(BadConfigTest, NestedRopeObjectsMustBeWholeAndAgree) {
  auto nested = [](const std::string &value) {
    return refusal(
        ConfigText().drop("rope_scaling").set("rope_parameters", value).text());
  };
  EXPECT_THAT(nested(R"({"main":{},"compress":4})"),
              HasSubstr("expected objects for \"main\" and \"compress\""));
  EXPECT_THAT(nested(R"({"main":{"rope_type":"yarn"},"compress":{}})"),
              HasSubstr("\"rope_parameters.main\": expected a key \"factor\""));
  EXPECT_THAT(nested(R"({"main":{"partial_rotary_factor":0.5},"compress":{}})"),
              HasSubstr("found 32 by \"rope_parameters\" and 16"));
}
