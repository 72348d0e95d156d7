#include "test/reference/Names.h"

#include <gmock/gmock.h>

namespace sluice::reference {
namespace {

using testing::ElementsAre;

TEST(ReferenceNamesTest, ALayersTensorHasThreeSpellings) {
  EXPECT_THAT(layerSpellings(7, "attn.wq_a.weight"),
              ElementsAre("layers.7.attn.wq_a.weight",
                          "model.layers.7.attn.wq_a.weight",
                          "model.layers.7.self_attn.q_a_proj.weight"));
}

TEST(ReferenceNamesTest, TheSavedNamingCallsTheWindowNormNorm) {
  EXPECT_THAT(layerSpellings(0, "attn.kv_norm.weight"),
              ElementsAre("layers.0.attn.kv_norm.weight",
                          "model.layers.0.attn.kv_norm.weight",
                          "model.layers.0.attn.norm.weight",
                          "model.layers.0.self_attn.kv_norm.weight"));
}

TEST(ReferenceNamesTest, GlobalTensors) {
  EXPECT_THAT(globalSpellings("hc_head_fn"),
              ElementsAre("hc_head_fn", "model.hc_head.hc_fn"));
  EXPECT_THAT(globalSpellings("head.weight"),
              ElementsAre("head.weight", "lm_head.weight"));
}

} // namespace
} // namespace sluice::reference
