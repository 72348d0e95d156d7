#include "test/reference/Config.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <stdexcept>

namespace sluice::reference {
namespace {

/// Reads sizes that never change with `rest` after them.
Config read(const std::string &rest) {
  const std::string path = testing::TempDir() + "reference-config.json";
  std::ofstream(path) << R"({"vocab_size": 9, "hidden_size": 8,
    "num_attention_heads": 2, "head_dim": 64, "q_lora_rank": 4, "o_groups": 1,
    "o_lora_rank": 4, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 8, "sliding_window": 3, "hc_mult": 2,
    "index_n_heads": 2, "index_head_dim": 64, "index_topk": 2,
    "num_hidden_layers": 3, )"
                      << rest << '}';
  return readConfig(path);
}

constexpr const char *yarn =
    R"("type": "yarn", "factor": 16, "original_max_position_embeddings": 64)";

TEST(ReferenceConfigTest, ReleasedKeysGiveTheScheduleAndDropTheTail) {
  const Config c = read(R"("compress_ratios": [0, 4, 128, 0],
      "num_hash_layers": 1, "qk_rope_head_dim": 32)");
  ASSERT_EQ(c.layers.size(), 3u);
  EXPECT_EQ(c.layers[0].attention, AttentionKind::Sliding);
  EXPECT_EQ(c.layers[1].attention, AttentionKind::Sparse);
  EXPECT_EQ(c.layers[1].rate, 4);
  EXPECT_EQ(c.layers[2].attention, AttentionKind::Heavy);
  EXPECT_EQ(c.layers[2].rate, 128);
  EXPECT_TRUE(c.layers[0].hashRouted);
  EXPECT_FALSE(c.layers[1].hashRouted);
  EXPECT_EQ(c.ropeChannels, 32);
}

TEST(ReferenceConfigTest, WrittenKeysGiveRatesAndTypes) {
  const Config c = read(R"("layer_types": ["heavily_compressed_attention",
      "compressed_sparse_attention", "sliding_attention"],
      "compress_rates": {"compressed_sparse_attention": 3,
                         "heavily_compressed_attention": 10},
      "mlp_layer_types": ["moe", "hash_moe", "moe"])");
  EXPECT_EQ(c.layers[0].rate, 10);
  EXPECT_EQ(c.layers[1].rate, 3);
  EXPECT_EQ(c.layers[2].rate, 0);
  EXPECT_TRUE(c.layers[1].hashRouted);
  EXPECT_FALSE(c.layers[0].hashRouted);
  EXPECT_EQ(c.ropeChannels, 8); // 64 / 8 when nothing says it
}

TEST(ReferenceConfigTest, WithoutScalingThereIsNoYarn) {
  const Config c = read(R"("compress_ratios": [0, 0, 0])");
  EXPECT_EQ(c.compressRope.frequencies, plainFrequencies(160000, 8));
  EXPECT_EQ(c.mainRope.frequencies, plainFrequencies(10000, 8));
}

TEST(ReferenceConfigTest, ReleasedYarnKeepsTheCompressBaseAndFactorOne) {
  const Config c = read(std::string(R"("compress_ratios": [0, 0, 0],
      "rope_scaling": {"rope_theta": 10000, )") +
                        yarn + "}");
  EXPECT_EQ(c.compressRope.frequencies,
            yarnFrequencies(160000, 8, {16, 64, 32, 1}));
  EXPECT_EQ(c.compressRope.factor, 1);
}

TEST(ReferenceConfigTest, NestedYarnWithoutFactorGetsTransformersOwn) {
  const Config c = read(std::string(R"("compress_ratios": [0, 0, 0],
      "rope_parameters": {"main": {"rope_theta": 500},
                          "compress": {"rope_theta": 7000, )") +
                        yarn + "}}");
  EXPECT_EQ(c.mainRope.frequencies, plainFrequencies(500, 8));
  EXPECT_EQ(c.compressRope.frequencies,
            yarnFrequencies(7000, 8, {16, 64, 32, 1}));
  EXPECT_NEAR(c.compressRope.factor, 1.277, 1e-3);
}

TEST(ReferenceConfigTest, AnUnknownRatioIsRefused) {
  EXPECT_THROW(read(R"("compress_ratios": [0, 2, 0])"), std::runtime_error);
}

} // namespace
} // namespace sluice::reference
