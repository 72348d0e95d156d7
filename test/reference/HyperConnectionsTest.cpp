#include "test/reference/HyperConnections.h"

#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

TEST(HyperConnectionsTest, SinkhornEndsOnColumns) {
  const Values logits = {0.3, -1, 2, 0.5, 0, -0.7, 1.5, 0.1, -2};
  const Values c = sinkhorn(logits, 3, {20, 1e-6, 1e-6});
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(c[i] + c[3 + i] + c[6 + i], 1, 2e-6);
    EXPECT_NEAR(c[3 * i] + c[3 * i + 1] + c[3 * i + 2], 1, 1e-4);
  }
  // After one iteration only columns are exact.
  const Values once = sinkhorn(logits, 3, {1, 1e-6, 1e-6});
  EXPECT_NEAR(once[0] + once[3] + once[6], 1, 2e-6);
  EXPECT_GT(std::abs(once[6] + once[7] + once[8] - 1), 0.01);
}

TEST(HyperConnectionsTest, OneIterationByHand) {
  // Rows softmax to (3/4, 1/4) and (1/2, 1/2); columns then sum to 5/4, 3/4.
  const Values logits = {std::log(3.0), 0, 0, 0};
  const Values c = sinkhorn(logits, 2, {1, 1e-6, 0});
  EXPECT_NEAR(c[0], 0.6, 1e-12);
  EXPECT_NEAR(c[1], 1.0 / 3, 1e-12);
  EXPECT_NEAR(c[2], 0.4, 1e-12);
  EXPECT_NEAR(c[3], 2.0 / 3, 1e-12);
}

TEST(HyperConnectionsTest, PostSumsOverTheFirstIndexOfComb) {
  const Values streams = {1, 10, 100, 1000}; // two streams of width 2
  const Values comb = {0, 1, 0.5, 0};        // 0 goes to 1, half of 1 to 0
  const Values y = {7, 8}, post = {1, 0};
  EXPECT_EQ(hcPost(y, streams, post, comb, {1, 2, 2}),
            (Values{7 + 50, 8 + 500, 1, 10}));
}

TEST(HyperConnectionsTest, PreWithoutProjectionFollowsTheBase) {
  // fn = 0, so only base counts: pre = sigmoid(0) + eps, post = 2 sigmoid.
  const Values streams = {1, 2, 3, 4};
  const Values fn(8 * 4), scale = {1, 1, 1};
  const Values base = {0, 0, std::log(3.0), 0, 0, 0, 0, 0};
  const HcPre pre =
      hcPre(streams, fn, base, scale, {1, 2, 2}, {20, 1e-6, 0.25});
  EXPECT_EQ(pre.input, (Values{0.75 * 4, 0.75 * 6}));
  EXPECT_NEAR(pre.post[0], 1.5, 1e-12); // no epsilon, doubled
  EXPECT_NEAR(pre.post[1], 1, 1e-12);
}

TEST(HyperConnectionsTest, ProjectionSeesNormalisedStreamsStreamByStream) {
  // The mean square of (3, 0, 0, 4) is 6.25: channel 0 of stream 1 is index 2.
  const Values streams = {3, 0, 0, 4};
  Values fn(2 * 4);
  fn[0] = 1;     // stream 0's weight from channel 0 of stream 0: 3 / 2.5
  fn[4 + 3] = 1; // stream 1's from channel 1 of stream 1: 4 / 2.5
  const Values out =
      hcHead(streams, fn, Values{0, 0}, Values{1}, {1, 2, 2}, {20, 0, 0});
  EXPECT_NEAR(out[0], 3 / (1 + std::exp(-1.2)), 1e-12);
  EXPECT_NEAR(out[1], 4 / (1 + std::exp(-1.6)), 1e-12);
}

} // namespace
} // namespace sluice::reference
