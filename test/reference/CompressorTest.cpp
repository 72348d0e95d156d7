#include "test/reference/Compressor.h"

#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

// A norm that keeps what it sees up to scale: two channels, the second always
// one, so that first / second is the pooled value of channel 0.
double pooled(const Values &entries, std::size_t entry) {
  return entries[2 * entry] / entries[2 * entry + 1];
}

const Rope still{{0}, 1}; // two channels that never turn
const Values ones = {1, 1};

TEST(CompressorTest, WithoutOverlapPoolsItsOwnWindowByWeight) {
  const Values bias = {0, 0, std::log(3.0),
                       0}; // the second token counts thrice
  const Compressor compressor{2, 2, false, bias, ones, 0};
  const Values c = {1, 1, 5, 1, 2, 1, 6, 1, 9, 1}; // five tokens
  const Values entries = compress(c, Values(10), 5, 0, compressor, still);
  ASSERT_EQ(entries.size(), 4u); // the fifth token closes nothing
  EXPECT_NEAR(pooled(entries, 0), (1 + 3 * 5) / 4.0, 1e-12);
  EXPECT_NEAR(pooled(entries, 1), (2 + 3 * 6) / 4.0, 1e-12);
}

TEST(CompressorTest, OverlapTakesTheFirstSeriesOfTheWindowBefore) {
  const Values bias(8);
  const Compressor compressor{2, 2, true, bias, ones, 0};
  // By token: first series (value, 1), own series (value, 1).
  const Values c = {10, 1, 1, 1, 20, 1, 2, 1, 30, 1, 3, 1, 40, 1, 4, 1};
  const Values entries = compress(c, Values(16), 4, 0, compressor, still);
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_NEAR(pooled(entries, 0), (1 + 2) / 2.0, 1e-12);
  EXPECT_NEAR(pooled(entries, 1), (10 + 20 + 3 + 4) / 4.0, 1e-12);
}

TEST(CompressorTest, TheSoftmaxIsByChannel) {
  const Values bias(4);
  const Compressor compressor{2, 2, false, bias, ones, 0};
  const double big = 500; // e^500 would overflow a sum of f32
  const Values c = {1, 3, 2, 4}, z = {big, 0, 0, big};
  const Values entries = compress(c, z, 2, 0, compressor, still);
  EXPECT_NEAR(entries[0] / entries[1], 1.0 / 4, 1e-12);
}

TEST(CompressorTest, AnEntryTurnsByItsFirstToken) {
  const Rope turning{{0.1}, 1};
  const Values bias(6);
  const Compressor compressor{3, 2, false, bias, ones, 0};
  const Values c = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
  const Values entries = compress(c, Values(12), 6, 0, compressor, turning);
  EXPECT_NEAR(std::atan2(entries[1], entries[0]), 0, 1e-12);
  EXPECT_NEAR(std::atan2(entries[3], entries[2]), 0.3, 1e-12);
  // Continuing at entry 1 gives the same row.
  EXPECT_EQ(compress(c, Values(12), 6, 1, compressor, turning),
            (Values{entries[2], entries[3]}));
}

} // namespace
} // namespace sluice::reference
