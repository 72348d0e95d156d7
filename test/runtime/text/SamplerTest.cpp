// Tokens drawn from logits: which may be, how often, and that a draw depends on
// (seed, sequence, position) alone.

#include "runtime/text/Sampler.h"

#include "runtime/text/Philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace sluice;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

int32_t sampled(const std::vector<float> &logits, const Sampling &sampling,
                uint64_t sequence = 0, uint64_t position = 0) {
  Sampler sampler(static_cast<uint32_t>(logits.size()));
  Result<int32_t> id = sampler.sample(logits, sampling, sequence, position);
  EXPECT_TRUE(id.ok()) << id.status().message();
  return id.ok() ? *id : -1;
}

std::vector<float> randomLogits(size_t count, std::mt19937 &random) {
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> logits(count);
  for (float &x : logits)
    x = normal(random);
  return logits;
}

/// The share of each id, by the definition: sorted, cut, normalized.
std::vector<double> shares(const std::vector<float> &logits,
                           const Sampling &sampling) {
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  if (sampling.topK != 0)
    order.resize(std::min<size_t>(sampling.topK, order.size()));
  std::vector<double> weights(logits.size());
  double total = 0;
  for (size_t id : order)
    total += weights[id] =
        std::exp(double(logits[id]) / double(sampling.temperature));
  double sum = 0;
  for (size_t id : order) {
    if (sum >= double(sampling.topP) * total)
      weights[id] = 0;
    sum += weights[id];
  }
  total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double &weight : weights)
    weight /= total;
  return weights;
}

} // namespace

TEST(SamplerTest, GreedyTakesTheFirstOfTheLargest) {
  EXPECT_EQ(sampled({1, 3, 2, 3, 3}, {.temperature = 0}), 1);
  EXPECT_EQ(sampled({-5}, {.temperature = 0}), 0);
  EXPECT_EQ(sampled({-infinity, -infinity, -7}, {.temperature = 0}), 2);
  EXPECT_EQ(sampled({0.0f, -0.0f, 0.0f}, {.temperature = 0}), 0);
  // Nothing is random: no seed and no position changes it.
  for (uint64_t i = 0; i < 50; ++i)
    EXPECT_EQ(sampled({1, 2, 4, 3}, {.temperature = 0, .seed = i}, i, i), 2);
}

TEST(SamplerTest, OneCandidateIsTheLikeliest) {
  std::vector<float> logits = {1, 2, 2, 0};
  for (uint64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(sampled(logits, {.topK = 1, .seed = i}), 1);
    EXPECT_EQ(sampled(logits, {.topP = 1e-9f, .seed = i}), 1);
    int32_t id = sampled(logits, {.temperature = 1e-30f, .seed = i});
    EXPECT_TRUE(id == 1 || id == 2) << id; // these two share all
  }
}

TEST(SamplerTest, FrequenciesAreTheShares) {
  std::mt19937 random(7);
  const Sampling settings[] = {{.temperature = 1},
                               {.temperature = 0.5f},
                               {.temperature = 2.5f},
                               {.temperature = 1, .topK = 5},
                               {.temperature = 1, .topP = 0.6f},
                               {.temperature = 1.5f, .topK = 9, .topP = 0.8f},
                               {.temperature = 1, .topK = 1000}};
  constexpr int draws = 20000;
  for (Sampling sampling : settings) {
    std::vector<float> logits = randomLogits(20, random);
    std::vector<double> expected = shares(logits, sampling);
    sampling.seed = random();
    Sampler sampler(20);
    std::vector<int> counts(20);
    for (int i = 0; i < draws; ++i)
      ++counts[*sampler.sample(logits, sampling, 3, i)];
    double chiSquare = 0;
    int degrees = -1;
    for (size_t id = 0; id < 20; ++id) {
      if (expected[id] == 0) {
        EXPECT_EQ(counts[id], 0) << "id " << id << " cannot be drawn";
        continue;
      }
      double mean = expected[id] * draws, miss = counts[id] - mean;
      chiSquare += miss * miss / mean;
      ++degrees;
    }
    // Beyond 6 standard deviations once in a billion; the draws are fixed.
    EXPECT_LT(chiSquare, degrees + 6 * std::sqrt(2.0 * degrees))
        << sampling.temperature << ' ' << sampling.topK << ' ' << sampling.topP;
  }
}

TEST(SamplerTest, OnlyTheKeptAreDrawn) {
  std::mt19937 random(8);
  for (int round = 0; round < 300; ++round) {
    std::vector<float> logits = randomLogits(1 + random() % 300, random);
    if (round % 3 == 0) // equal ones: the lower id is kept
      for (float &x : logits)
        x = std::round(x);
    Sampling sampling{.temperature = 1.0f + float(random() % 5),
                      .topK = uint32_t(random() % 20),
                      .topP = 0.05f + float(random() % 90) / 100,
                      .seed = random()};
    std::vector<double> expected = shares(logits, sampling);
    Sampler sampler(static_cast<uint32_t>(logits.size()));
    for (int position = 0; position < 20; ++position) {
      int32_t id = *sampler.sample(logits, sampling, 0, position);
      ASSERT_GT(expected[id], 0) << "round " << round << ", id " << id;
    }
  }
}

TEST(SamplerTest, EqualLogitsAtTheEdgeGoToTheLowerId) {
  std::vector<float> logits(64, 1.0f);
  std::vector<int> counts(64);
  Sampler sampler(64);
  for (int position = 0; position < 400; ++position)
    ++counts[*sampler.sample(logits, {.topK = 3}, 0, position)];
  EXPECT_EQ(counts[0] + counts[1] + counts[2], 400);
  EXPECT_GT(std::min({counts[0], counts[1], counts[2]}), 80);
  std::fill(counts.begin(), counts.end(), 0);
  for (int position = 0; position < 400; ++position)
    ++counts[*sampler.sample(logits, {.topP = 0.03f}, 0, position)];
  EXPECT_EQ(counts[0] + counts[1], 400); // 2/64 >= 0.03 > 1/64
  EXPECT_GT(std::min(counts[0], counts[1]), 120);
}

TEST(SamplerTest, ADrawDependsOnNothingBeforeIt) {
  std::mt19937 random(9);
  std::vector<float> logits = randomLogits(500, random);
  Sampling sampling{.temperature = 2, .seed = 42};
  Sampler used(500);
  std::vector<int32_t> ids;
  for (uint64_t i = 0; i < 100; ++i)
    ids.push_back(*used.sample(logits, sampling, i % 4, i));
  for (uint64_t i = 100; i-- > 0;) {
    EXPECT_EQ(*used.sample(logits, sampling, i % 4, i), ids[i]);
    EXPECT_EQ(sampled(logits, sampling, i % 4, i), ids[i]);
  }
}

// All 64 bits of each of the three count.
TEST(SamplerTest, SeedSequenceAndPositionChangeTheDraw) {
  std::vector<float> flat(100000, 0.0f);
  Sampler sampler(100000);
  auto draw = [&](uint64_t seed, uint64_t sequence, uint64_t position) {
    return *sampler.sample(flat, {.seed = seed}, sequence, position);
  };
  int32_t base = draw(5, 6, 7);
  for (int bit = 0; bit < 64; ++bit) {
    uint64_t flip = uint64_t(1) << bit;
    EXPECT_NE(draw(5 ^ flip, 6, 7), base) << bit;
    EXPECT_NE(draw(5, 6 ^ flip, 7), base) << bit;
    EXPECT_NE(draw(5, 6, 7 ^ flip), base) << bit;
  }
  EXPECT_NE(draw(5, 7, 6), base);
}

// Frozen: a release that draws other tokens for a seed breaks what people have
// written down. 2^16 equal logits make the draw its 16 highest bits.
TEST(SamplerTest, DrawsAreThoseOfTheCounter) {
  std::vector<float> flat(1 << 16, 0.0f);
  uint64_t position = 0x123456789abcdef, sequence = 0xfedcba987654321;
  uint64_t seed = 0xdeadbeef01234567;
  std::array<uint32_t, 4> bits =
      philox({0x89abcdef, 0x01234567, 0x87654321, 0x0fedcba9},
             {0x01234567, 0xdeadbeef});
  EXPECT_EQ(sampled(flat, {.seed = seed}, sequence, position),
            static_cast<int32_t>(bits[0] >> 16));
}

TEST(SamplerTest, RefusesWhatHasNoAnswer) {
  Sampler sampler(3);
  auto code = [&](std::vector<float> logits, Sampling sampling) {
    Result<int32_t> id = sampler.sample(logits, sampling, 0, 0);
    return id.ok() ? StatusCode::Ok : id.status().code();
  };
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (float temperature : {0.0f, 1.0f}) {
    Sampling sampling{.temperature = temperature};
    EXPECT_EQ(code({1, nan, 2}, sampling), StatusCode::DeviceError);
    EXPECT_EQ(code({1, infinity, 2}, sampling), StatusCode::DeviceError);
    EXPECT_EQ(sampler.sample(std::vector<float>{1, 2, infinity}, sampling, 0, 7)
                  .status()
                  .message(),
              "logit 2 of position 7 is inf");
    EXPECT_EQ(code({-infinity, -infinity, -infinity}, sampling),
              StatusCode::DeviceError);
    EXPECT_EQ(code({1, 2}, sampling), StatusCode::InvalidArgument);
    EXPECT_EQ(code({1, 2, 3, 4}, sampling), StatusCode::InvalidArgument);
    EXPECT_EQ(code({1, -infinity, 2}, sampling), StatusCode::Ok);
  }
  for (Sampling bad :
       {Sampling{.temperature = -1}, Sampling{.temperature = nan},
        Sampling{.temperature = infinity}, Sampling{.topP = 0},
        Sampling{.topP = 1.001f}, Sampling{.topP = nan}}) {
    EXPECT_EQ(checkSampling(bad).code(), StatusCode::InvalidArgument);
    EXPECT_EQ(code({1, 2, 3}, bad), StatusCode::InvalidArgument);
  }
}

TEST(SamplerTest, WhatIsMinusInfinityIsNeverDrawn) {
  std::vector<float> logits = {-infinity, 0, -infinity, -1, -infinity};
  Sampler sampler(5);
  for (int position = 0; position < 500; ++position) {
    int32_t id = *sampler.sample(logits, {.temperature = 100}, 0, position);
    EXPECT_TRUE(id == 1 || id == 3) << id;
  }
}

// Logits of any size: what matters is their distance to the largest.
TEST(SamplerTest, HugeLogitsDoNotOverflow) {
  Sampler sampler(3);
  int counts[3] = {};
  for (int position = 0; position < 2000; ++position)
    ++counts[*sampler.sample(std::vector<float>{3e38f, 3e38f, -3e38f}, {}, 0,
                             position)];
  EXPECT_EQ(counts[2], 0);
  EXPECT_NEAR(counts[0], 1000, 150);
}
