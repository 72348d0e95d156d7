#include "frontend/config/RopeFrequencies.h"

#include "test/frontend/config/ConfigText.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace sluice;

static void expectClose(const std::vector<double> &found,
                        const std::vector<double> &expected, size_t first = 0) {
  for (size_t j = 0; j < expected.size(); ++j)
    EXPECT_NEAR(found[first + j], expected[j], 1e-14 * expected[j])
        << first + j;
}

TEST(RopeTest, PlainFrequenciesAreAGeometricSeries) {
  std::vector<double> f = ropeFrequencies(10000, 64, std::nullopt);
  ASSERT_EQ(f.size(), 32u);
  expectClose(f, {1.0});
  expectClose(f, {0.01}, 16);
  for (size_t j = 1; j < f.size(); ++j)
    EXPECT_NEAR(f[j] / f[j - 1], std::pow(10000.0, -1.0 / 32), 1e-14);
}

// Section 4.2 of the specification: low = 15, high = 25.
TEST(RopeTest, YarnOfTheReleasedModelsMixesPairs15To25) {
  Yarn yarn = {.factor = 16, .originalPositions = 65536};
  std::vector<double> plain = ropeFrequencies(160000, 64, std::nullopt);
  std::vector<double> f = ropeFrequencies(160000, 64, yarn);
  for (size_t j = 0; j < 32; ++j) {
    if (j <= 15)
      EXPECT_EQ(f[j], plain[j]) << j;
    else if (j >= 25)
      EXPECT_EQ(f[j], plain[j] / 16) << j;
    else
      EXPECT_TRUE(f[j] < plain[j] && f[j] > plain[j] / 16) << j;
  }
  EXPECT_NEAR(f[20], plain[20] * (0.5 + 0.5 / 16), 1e-14 * f[20]);
  // By the program of appendix A, pairs 14 to 26.
  expectClose(
      f,
      {0.005286856317202821, 0.003635538583622384, 0.0022656250000000003,
       0.0013968012945526902, 0.0008496897268387907, 0.0005080819629876847,
       0.00029697777826169085, 0.00016817998861351274, 9.08678429519235e-05,
       4.5444232295279794e-05, 1.9531249999999997e-05, 5.372312671356501e-06,
       3.6943031601686557e-06},
      14);
}

TEST(RopeTest, YarnOfShortContextsCutsTheRampAtBothEnds) {
  // By the program of appendix A: low = 4, high = 14.
  expectClose(ropeFrequencies(160000, 64,
                              Yarn{.factor = 16, .originalPositions = 1024}),
              {1.0, 0.6876560219336321, 0.4728708045015879, 0.32517245631211816,
               0.22360679774997896, 0.1393491334226248, 0.08591141515454584,
               0.05226086713957177, 0.03125, 0.0182658630826121,
               0.010344048848472235, 0.005588901592864532,
               0.0027950849718747367, 0.0012012856329536622,
               0.0003304285198251763, 0.000227221161476399});
  // Here low would be -1 and is 0.
  expectClose(
      ropeFrequencies(160000, 8, Yarn{.factor = 16, .originalPositions = 64}),
      {1.0, 0.003125, 0.00015625, 7.8125e-06});
}

TEST(RopeTest, ARampOfNoLengthIsAStep) {
  // Both bounds are 0: the first pair stays, the others are stretched.
  std::vector<double> plain = ropeFrequencies(160000, 8, std::nullopt);
  std::vector<double> f =
      ropeFrequencies(160000, 8, Yarn{.factor = 4, .originalPositions = 2});
  EXPECT_EQ(f[0], plain[0]);
  for (size_t j = 1; j < 4; ++j)
    EXPECT_NEAR(f[j], plain[j] / 4, 1e-14 * plain[j]);
}

static const char *yarnKeys = R"("factor":16,"beta_fast":32,"beta_slow":1,)"
                              R"("original_max_position_embeddings":256)";

static RopeConfig flat(const std::string &key, const std::string &extra) {
  return ConfigText()
      .drop("rope_scaling")
      .set(key, "{" + extra + "}")
      .read()
      .compressRope;
}

TEST(RopeTest, FlatKeysScaleTheCompressingLayersOnly) {
  ModelConfig c = ConfigText().read();
  EXPECT_EQ(c.mainRope.inverseFrequencies,
            ropeFrequencies(10000, 16, std::nullopt));
  Yarn yarn = {.factor = 16, .originalPositions = 256};
  EXPECT_EQ(c.compressRope.inverseFrequencies,
            ropeFrequencies(160000, 16, yarn));
  EXPECT_EQ(c.compressRope.attentionFactor, 1.0);
}

TEST(RopeTest, AllSpellingsOfFlatYarnAreOne) {
  RopeConfig expected = ConfigText().read().compressRope;
  for (const char *type :
       {R"("type":"yarn",)", R"("rope_type":"yarn",)",
        R"("type":"linear","rope_type":"yarn",)",
        R"("type":"yarn","rope_type":null,)",
        // As in releases: the theta of the other kind of layer. It is not used.
        R"("rope_theta":10000,"rope_type":"yarn",)"})
    for (const char *key : {"rope_scaling", "rope_parameters"}) {
      RopeConfig rope = flat(key, type + std::string(yarnKeys));
      EXPECT_EQ(rope.inverseFrequencies, expected.inverseFrequencies) << type;
      EXPECT_EQ(rope.attentionFactor, 1.0) << type;
    }
}

TEST(RopeTest, WithoutATypeOrObjectNothingIsScaled) {
  std::vector<double> plain = ropeFrequencies(160000, 16, std::nullopt);
  EXPECT_EQ(flat("rope_scaling", yarnKeys).inverseFrequencies, plain);
  EXPECT_EQ(flat("rope_scaling", "").inverseFrequencies, plain);
  EXPECT_EQ(ConfigText()
                .set("rope_scaling", "null")
                .read()
                .compressRope.inverseFrequencies,
            plain);
}

TEST(RopeTest, AFlatAttentionFactorIsOneUnlessSaid) {
  std::string keys = std::string(R"("type":"yarn",)") + yarnKeys;
  EXPECT_EQ(flat("rope_scaling", keys + R"(,"attention_factor":1.25)")
                .attentionFactor,
            1.25);
  // transformers injects its 1 where there is no key; null is one.
  EXPECT_NEAR(flat("rope_scaling", keys + R"(,"attention_factor":null)")
                  .attentionFactor,
              0.1 * std::log(16.0) + 1, 1e-15);
}

static RopeConfig nested(const std::string &main, const std::string &compress) {
  ModelConfig c =
      ConfigText()
          .drop("rope_scaling")
          .set("rope_parameters", R"({"main":{)" + main + R"(},"compress":{)" +
                                      compress + R"(},"factor":99})")
          .read();
  EXPECT_EQ(c.mainRope.inverseFrequencies,
            ropeFrequencies(main.empty() ? 10000 : 500, 16, std::nullopt));
  return c.compressRope;
}

TEST(RopeTest, NestedKeysHaveTheirOwnThetaAndComputeTheirFactor) {
  std::string yarn = std::string(R"("rope_type":"yarn",)") + yarnKeys;
  RopeConfig rope =
      nested(R"("rope_theta":500)", yarn + R"(,"rope_theta":7000)");
  Yarn expected = {.factor = 16, .originalPositions = 256};
  EXPECT_EQ(rope.inverseFrequencies, ropeFrequencies(7000, 16, expected));
  EXPECT_NEAR(rope.attentionFactor, 1.2772588722239782, 1e-15);
  EXPECT_EQ(nested("", yarn + R"(,"attention_factor":1)").attentionFactor, 1.0);
  EXPECT_EQ(
      nested("", yarn + R"(,"mscale":1,"mscale_all_dim":1)").attentionFactor,
      1.0);
}

TEST(RopeTest, ThePartIsCutToWholeChannels) {
  auto dim = [](const char *part) {
    return ConfigText()
        .drop("qk_rope_head_dim")
        .set("partial_rotary_factor", part)
        .read()
        .ropeDim;
  };
  EXPECT_EQ(dim("0.25"), 16);
  EXPECT_EQ(dim("0.26"), 16); // 16.64
  EXPECT_EQ(ConfigText().drop("qk_rope_head_dim").read().ropeDim, 8);
}
