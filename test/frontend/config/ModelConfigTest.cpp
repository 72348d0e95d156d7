#include "frontend/config/ModelConfig.h"

#include "runtime/base/MappedFile.h"
#include "runtime/weights/ConfigFields.h"
#include "test/frontend/config/ConfigText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

constexpr LayerType swa = LayerType::Sliding, csa = LayerType::Csa,
                    hca = LayerType::Hca;
constexpr MlpType hash = MlpType::Hash, moe = MlpType::Learned;

static std::string textOf(const std::string &directory) {
  Result<MappedFile> file = MappedFile::open(std::string(SLUICE_TEST_DATA) +
                                             "/" + directory + "/config.json");
  EXPECT_TRUE(file.ok()) << file.status().message();
  return std::string(file->text());
}

static ModelConfig read(const std::string &directory) {
  Result<ModelConfig> config =
      readModelConfig(textOf(directory), "config.json");
  EXPECT_TRUE(config.ok()) << config.status().message();
  return config.ok() ? *config : ModelConfig();
}

TEST(ModelConfigTest, ReadsReleasedKeys) {
  ModelConfig c = read("golden/v4-released");
  EXPECT_EQ(c.architecture, "deepseek_v4");
  EXPECT_EQ(c.vocabSize, 257);
  EXPECT_EQ(c.hiddenSize, 128);
  EXPECT_EQ(c.layers, 5);
  EXPECT_EQ(c.heads, 4);
  EXPECT_EQ(c.headDim, 128);
  EXPECT_EQ(c.ropeDim, 32);
  EXPECT_EQ(c.qLoraRank, 96);
  EXPECT_EQ(c.oGroups, 2);
  EXPECT_EQ(c.oLoraRank, 64);
  EXPECT_EQ(c.experts, 8);
  EXPECT_EQ(c.expertsPerToken, 2);
  EXPECT_EQ(c.moeIntermediate, 64);
  EXPECT_EQ(c.sharedExperts, 1);
  EXPECT_EQ(c.slidingWindow, 32);
  EXPECT_EQ(c.hcMult, 4);
  EXPECT_EQ(c.hcSinkhornIters, 20);
  EXPECT_EQ(c.hcEps, 1e-6);
  EXPECT_EQ(c.rmsNormEps, 1e-6);
  EXPECT_EQ(c.indexHeads, 16);
  EXPECT_EQ(c.indexHeadDim, 64);
  EXPECT_EQ(c.indexTopk, 16);
  EXPECT_EQ(c.swigluLimit, 2.0);
  EXPECT_EQ(c.routedScaling, 1.5);
  EXPECT_EQ(c.scoring, Scoring::SqrtSoftplus);
  // The sixth ratio belongs to the draft layer.
  EXPECT_THAT(c.layerTypes, ElementsAre(swa, swa, csa, hca, csa));
  EXPECT_THAT(c.mlpTypes, ElementsAre(hash, hash, moe, moe, moe));
  EXPECT_EQ(c.csaRate, 4);
  EXPECT_EQ(c.hcaRate, 128);
  EXPECT_EQ(c.maxPositions, 4096);
  EXPECT_EQ(c.bosId, 0);
  EXPECT_THAT(c.eosIds, ElementsAre(1));
  EXPECT_FALSE(c.tieWordEmbeddings);
  EXPECT_EQ(c.blockRows, 128);
  EXPECT_EQ(c.blockColumns, 128);
  EXPECT_EQ(c.mainRope.inverseFrequencies.size(), 16u);
  EXPECT_EQ(c.compressRope.attentionFactor, 1.0);
}

TEST(ModelConfigTest, ReadsTheKeysThatTransformersSaves) {
  ModelConfig c = read("golden/v4-saved-bf16");
  EXPECT_EQ(c.ropeDim, 8); // 0.2 of 40
  EXPECT_THAT(c.layerTypes, ElementsAre(hca, csa, swa, csa, hca));
  EXPECT_THAT(c.mlpTypes, ElementsAre(hash, hash, moe, moe, moe));
  EXPECT_EQ(c.csaRate, 4);
  EXPECT_EQ(c.hcaRate, 16);
  EXPECT_EQ(c.heads, 6);
  EXPECT_EQ(c.oGroups, 3);
}

TEST(ModelConfigTest, ReadsTheOtherGoldenConfigs) {
  ModelConfig runtime = read("golden/v4-runtime");
  EXPECT_THAT(runtime.layerTypes, ElementsAre(swa, csa, hca, csa));
  EXPECT_EQ(runtime.ropeDim, 8);
  EXPECT_EQ(runtime.hcaRate, 8);
  ModelConfig base = read("golden/v4-base");
  EXPECT_THAT(base.layerTypes, ElementsAre(hca, hca, csa, hca, csa));
  EXPECT_EQ(base.routedScaling, 2.5);
  ModelConfig plain = read("golden/v4-plain-bf16");
  EXPECT_THAT(plain.mlpTypes, ElementsAre(hash, moe, moe));
  ModelConfig tiny = read("models/tiny-v4");
  EXPECT_EQ(tiny.vocabSize, 4096);
  EXPECT_EQ(tiny.slidingWindow, 64);
}

// Appendix A of the specification, as a config of the newer keys.
TEST(ModelConfigTest, ReadsTheConfigOfTheSpecification) {
  Result<ModelConfig> config = readModelConfig(
      R"({"model_type": "deepseek_v4", "architectures": ["DeepseekV4ForCausalLM"],
      "vocab_size": 97, "hidden_size": 64, "moe_intermediate_size": 32,
      "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 1,
      "head_dim": 32, "q_lora_rank": 32, "partial_rotary_factor": 0.25,
      "o_groups": 2, "o_lora_rank": 16, "n_routed_experts": 8,
      "n_shared_experts": 1, "num_experts_per_tok": 2,
      "routed_scaling_factor": 1.5, "scoring_func": "sqrtsoftplus",
      "swiglu_limit": 1.0, "sliding_window": 8, "hc_mult": 4,
      "hc_sinkhorn_iters": 20, "hc_eps": 1e-6, "rms_norm_eps": 1e-6,
      "index_n_heads": 8, "index_head_dim": 16, "index_topk": 3,
      "layer_types": ["sliding_attention", "compressed_sparse_attention",
        "heavily_compressed_attention", "compressed_sparse_attention"],
      "compress_rates": {"compressed_sparse_attention": 4,
                         "heavily_compressed_attention": 8},
      "mlp_layer_types": ["hash_moe", "moe", "moe", "moe"],
      "rope_theta": 10000.0, "compress_rope_theta": 160000.0,
      "rope_parameters": {"main": {"rope_type": "default", "rope_theta": 10000.0,
                                   "partial_rotary_factor": 0.25},
        "compress": {"rope_type": "yarn", "rope_theta": 160000.0,
          "partial_rotary_factor": 0.25, "factor": 16, "attention_factor": 1.0,
          "original_max_position_embeddings": 64, "beta_fast": 32,
          "beta_slow": 1}},
      "max_position_embeddings": 1024, "num_nextn_predict_layers": 1,
      "tie_word_embeddings": false, "hidden_act": "silu", "bos_token_id": 0,
      "eos_token_id": 1})",
      "config.json");
  ASSERT_TRUE(config.ok()) << config.status().message();
  // inv_freq("compress") of the specification's own program, in double.
  const double expected[] = {1.0, 0.003125, 0.00015625, 7.8125e-06};
  ASSERT_EQ(config->compressRope.inverseFrequencies.size(), 4u);
  for (size_t j = 0; j < 4; ++j)
    EXPECT_NEAR(config->compressRope.inverseFrequencies[j], expected[j],
                1e-14 * expected[j])
        << j;
}

TEST(ModelConfigTest, NamedTypesWinOverRatiosAndLongListsAreCut) {
  ModelConfig c = ConfigText()
                      .set("layer_types", R"(["sliding_attention",
          "heavily_compressed_attention", "heavily_compressed_attention",
          "compressed_sparse_attention", "sliding_attention"])")
                      .set("mlp_layer_types",
                           R"(["moe","hash_moe","moe","moe","moe","moe"])")
                      .set("num_hash_layers", "4")
                      .read();
  EXPECT_THAT(c.layerTypes, ElementsAre(swa, hca, hca, csa));
  EXPECT_THAT(c.mlpTypes, ElementsAre(moe, hash, moe, moe));
}

TEST(ModelConfigTest, WithoutAScheduleTheOneOfTransformersIsMeant) {
  ModelConfig c =
      ConfigText().drop("compress_ratios").set("num_hidden_layers", "6").read();
  EXPECT_THAT(c.layerTypes, ElementsAre(hca, hca, hca, csa, hca, csa));
  EXPECT_THAT(c.mlpTypes, ElementsAre(hash, hash, hash, moe, moe, moe));
}

TEST(ModelConfigTest, ScalarRatesWinOverTheTable) {
  ModelConfig c =
      ConfigText()
          .set("compress_rates", R"({"compressed_sparse_attention": 3,
                                     "heavily_compressed_attention": 10})")
          .set("compress_rate_hca", "12")
          .read();
  EXPECT_EQ(c.csaRate, 3);
  EXPECT_EQ(c.hcaRate, 12);
}

TEST(ModelConfigTest, WhatNoLayerNeedsMayBeMissingFromTheRates) {
  ModelConfig c =
      ConfigText()
          .set("compress_ratios", "[0,0,0,128]")
          .set("compress_rates", R"({"heavily_compressed_attention": 10})")
          .set("index_head_dim", "8") // less than the rope
          .read();
  EXPECT_EQ(c.hcaRate, 10);
}

TEST(ModelConfigTest, AbsentKeysHaveTheDefaultsOfTransformers) {
  ModelConfig c = ConfigText().read();
  EXPECT_EQ(c.hcMult, 4);
  EXPECT_EQ(c.hcSinkhornIters, 20);
  EXPECT_EQ(c.hcEps, 1e-6);
  EXPECT_EQ(c.swigluLimit, 10.0);
  EXPECT_EQ(c.routedScaling, 1.5);
  EXPECT_EQ(c.maxPositions, 1 << 20);
  EXPECT_EQ(c.bosId, 0);
  EXPECT_THAT(c.eosIds, ElementsAre(1));
}

TEST(ModelConfigTest, NullsAndZerosSwitchOff) {
  ModelConfig c = ConfigText()
                      .set("swiglu_limit", "null")
                      .set("bos_token_id", "null")
                      .set("eos_token_id", "null")
                      .set("quantization_config", "null")
                      .read();
  EXPECT_EQ(c.swigluLimit, 0.0);
  EXPECT_EQ(c.bosId, std::nullopt);
  EXPECT_THAT(c.eosIds, IsEmpty());
  EXPECT_EQ(ConfigText().set("swiglu_limit", "-1").read().swigluLimit, 0.0);
}

TEST(ModelConfigTest, OtherSpellingsAreUnderstood) {
  ModelConfig c =
      ConfigText()
          .drop("n_routed_experts")
          .set("num_local_experts", "12")
          .drop("moe_intermediate_size")
          .set("intermediate_size", "48")
          .set("eos_token_id", "[1, 7]")
          .set("scoring_func", "\"sigmoid\"")
          .set("quantization_config",
               R"({"quant_method":"fp8","weight_block_size":[64,32]})")
          .read();
  EXPECT_EQ(c.experts, 12);
  EXPECT_EQ(c.moeIntermediate, 48);
  EXPECT_THAT(c.eosIds, ElementsAre(1, 7));
  EXPECT_EQ(c.scoring, Scoring::Sigmoid);
  EXPECT_EQ(c.blockRows, 64);
  EXPECT_EQ(c.blockColumns, 32);
}

TEST(ModelConfigTest, KeysWithoutEffectAreIgnoredInSilence) {
  ModelConfig c = ConfigText()
                      .set("attention_dropout", "\"soon\"")
                      .set("expert_dtype", "[4]")
                      .set("norm_topk_prob", "false")
                      .set("topk_method", "{\"a\": 1}")
                      .read();
  for (const char *key :
       {"attention_dropout", "expert_dtype", "norm_topk_prob", "topk_method"})
    EXPECT_THAT(c.fields, Not(Contains(Key(key))));
}

TEST(ModelConfigTest, FieldsAreTheUsedKeysSortedWithCanonicalValues) {
  ModelConfig c =
      ConfigText().set("rope_theta", "1e4").set("swiglu_limit", "null").read();
  EXPECT_THAT(c.fields, Contains(Pair("compress_ratios", "[0,4,128,4,0]")));
  EXPECT_THAT(c.fields, Contains(Pair("rope_scaling.factor", "16")));
  EXPECT_THAT(c.fields, Contains(Pair("rope_theta", "10000")));
  EXPECT_THAT(c.fields, Contains(Pair("model_type", "\"deepseek_v4\"")));
  EXPECT_THAT(c.fields, Contains(Pair("swiglu_limit", "null")));
  EXPECT_TRUE(std::is_sorted(c.fields.begin(), c.fields.end()));
  EXPECT_EQ(
      std::adjacent_find(c.fields.begin(), c.fields.end(),
                         [](auto &a, auto &b) { return a.first == b.first; }),
      c.fields.end());
}

// What the runtime will read back from the config is what the plan recorded.
TEST(ModelConfigTest, FieldsAreFoundAgainByTheirKeys) {
  for (const char *name :
       {"golden/v4-runtime", "golden/v4-released", "golden/v4-saved-bf16"}) {
    ModelConfig c = read(name);
    std::vector<std::string> keys;
    keys.reserve(c.fields.size());
    for (const auto &[key, value] : c.fields)
      keys.push_back(key);
    auto again = readConfigFields(textOf(name), "config.json", keys);
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(*again, c.fields);
    EXPECT_GT(keys.size(), 30u);
  }
}
