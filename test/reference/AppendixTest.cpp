#include "test/reference/Model.h"
#include "test/reference/NamedWeights.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

/// One line of the table in appendix A of the specification.
struct Line {
  std::int64_t position, best;
  double norm;
  double first[4];   // logits
  double streams[4]; // norm after each layer
};

constexpr Line table[] = {
    {0,
     26,
     13.0318393,
     {-1.663072, -0.474628, -1.474209, -0.362735},
     {34.233474, 40.077760, 41.581481, 48.699548}},
    {3,
     30,
     15.5783277,
     {1.133494, -1.077151, 0.712866, 0.888990},
     {26.483158, 38.924639, 42.378667, 54.781712}},
    {6,
     93,
     14.7609493,
     {1.603572, -1.159775, -1.186061, -0.000380},
     {32.266576, 43.659246, 49.581145, 55.609910}},
    {7,
     23,
     14.8757797,
     {-0.018087, -0.344772, -0.798456, -1.769777},
     {21.725582, 32.381653, 35.291019, 44.928450}},
    {20,
     54,
     15.2745660,
     {-0.179061, -1.462284, -2.816265, 1.745051},
     {30.805059, 34.632888, 46.799785, 53.482847}},
    {31,
     93,
     15.6670788,
     {-0.448957, 0.895199, 2.521491, -1.499223},
     {22.993620, 43.895339, 46.519168, 47.954024}},
    {38,
     34,
     13.6268185,
     {-0.008186, 0.599338, 1.452676, 0.254412},
     {30.773230, 42.771557, 48.843263, 49.001197}},
    {39,
     54,
     13.3150253,
     {0.001513, 0.465598, 1.012642, 0.398217},
     {31.043813, 41.562814, 49.706278, 51.163833}},
};
// The table is printed to six digits, and was computed in double precision.
constexpr double printed = 6e-7;

double normOf(View values) {
  return std::sqrt(
      dot(values.data(), values.data(), std::int64_t(values.size())));
}

class AppendixTest : public testing::Test {
protected:
  AppendixTest()
      : config(readConfig(SLUICE_TEST_DATA "/golden/v4-runtime/config.json")),
        weights(loadWeights(config, NamedWeights(config.experts))),
        sequence(config, weights) {
    for (std::int64_t t = 0; t < 40; ++t)
      ids.push_back((5 * t * t + 3 * t + 1) % 97);
  }

  Config config;
  Weights weights;
  Sequence sequence;
  std::vector<std::int64_t> ids;
};

TEST_F(AppendixTest, EveryLineOfTheTableIsReproduced) {
  const Evaluation result = sequence.append(ids);
  for (const Line &line : table) {
    SCOPED_TRACE(testing::Message() << "position " << line.position);
    View logits =
        View(result.logits)
            .subspan(line.position * config.vocabulary, config.vocabulary);
    EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(),
              line.best);
    EXPECT_NEAR(normOf(logits), line.norm, 1e-7);
    for (int i = 0; i < 4; ++i)
      EXPECT_NEAR(logits[i], line.first[i], printed);
    const std::int64_t size = config.streams * config.hidden;
    for (int layer = 0; layer < 4; ++layer)
      EXPECT_NEAR(
          normOf(
              View(result.hidden[layer]).subspan(line.position * size, size)),
          line.streams[layer], printed);
  }
}

TEST_F(AppendixTest, GreedyTokensAndTheSmallestMarginAreReproduced) {
  const Evaluation result = sequence.append(ids);
  View last = View(result.logits).last(config.vocabulary);
  EXPECT_EQ(continueGreedily(sequence, last, 8),
            (std::vector<std::int64_t>{54, 90, 54, 59, 34, 68, 88, 59}));
  // 1.78e-3, a router's, is the smallest over these and the greedy tokens.
  EXPECT_GE(*std::min_element(result.margin.begin(), result.margin.end()),
            1.775e-3);
}

TEST_F(AppendixTest, ChunksChangeNothing) {
  const Evaluation whole = sequence.append(ids);
  Sequence other(config, weights);
  Values logits, margin;
  std::span<const std::int64_t> rest = ids;
  for (std::size_t chunk : {1, 1, 7, 3, 8, 1, 19}) {
    const Evaluation part = other.append(rest.first(chunk));
    rest = rest.subspan(chunk);
    logits.insert(logits.end(), part.logits.begin(), part.logits.end());
    margin.insert(margin.end(), part.margin.begin(), part.margin.end());
  }
  ASSERT_TRUE(rest.empty());
  EXPECT_EQ(logits, whole.logits);
  EXPECT_EQ(margin, whole.margin);
}

} // namespace
} // namespace sluice::reference
