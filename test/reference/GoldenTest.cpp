#include "test/reference/Checkpoint.h"
#include "test/reference/Codecs.h"
#include "test/reference/Model.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

/// A model directory and what transformers computed from it in fp32.
class GoldenTest : public testing::TestWithParam<const char *> {
protected:
  GoldenTest()
      : directory(std::string(SLUICE_TEST_DATA "/") + GetParam()),
        config(readConfig(directory + "/config.json")),
        weights(loadWeights(config, Checkpoint(directory))),
        golden(directory + "/golden.safetensors") {}

  bool has(const std::string &name) const {
    return golden.tensors().contains(name);
  }
  Values get(const std::string &name) const {
    return decodePlain(golden.tensors().at(name));
  }
  std::vector<std::int64_t> integers(const std::string &name) const {
    const Values values = get(name);
    return {values.begin(), values.end()};
  }

  /// Largest difference from a golden tensor, over the rows it has.
  double worst(View ours, const std::string &name) const {
    const Values theirs = get(name);
    EXPECT_GE(ours.size(), theirs.size());
    double largest = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i)
      largest = std::max(largest, std::abs(ours[i] - theirs[i]));
    return largest;
  }

  /// The same in units of the golden tensor's largest element. Streams are not
  /// normalized, so the roundoff of the fp32 golden grows with them.
  double worstOfScale(View ours, const std::string &name) const {
    double scale = 1;
    for (double x : get(name))
      scale = std::max(scale, std::abs(x));
    return worst(ours, name) / scale;
  }

  std::string directory;
  Config config;
  Weights weights;
  SafetensorsFile golden;
};

// Two correct evaluations, one of them in fp32, differ by about 3e-5.
constexpr double tolerance = 1e-4;

TEST_P(GoldenTest, AgreesWithTransformers) {
  int prompts = 0;
  for (; has(std::to_string(prompts) + ".input_ids"); ++prompts) {
    const std::string p = std::to_string(prompts) + '.';
    SCOPED_TRACE("prompt " + p);
    Sequence sequence(config, weights);
    const Evaluation result = sequence.append(integers(p + "input_ids"));
    const double logits = worst(result.logits, p + "logits");
    EXPECT_LE(logits, tolerance);
    double hidden = 0;
    for (std::size_t i = 0; prompts == 0 && i < result.hidden.size(); ++i) {
      const std::string name = "0.hidden." + std::to_string(i);
      const double layer = worstOfScale(result.hidden[i], name);
      EXPECT_LE(layer, tolerance) << name;
      hidden = std::max(hidden, layer);
    }
    View last = View(result.logits).last(config.vocabulary);
    EXPECT_EQ(continueGreedily(sequence, last, 16), integers(p + "greedy"));
    const Values margin = get(p + "margin");
    for (std::size_t t = 0; t < margin.size(); ++t)
      if (result.margin[t] != margin[t]) { // both infinite: no choice made
        EXPECT_NEAR(result.margin[t], margin[t], tolerance)
            << "margin at position " << t;
      }
    std::printf("%s prompt %d: %zu tokens, logits differ by %.2g, streams by "
                "%.2g\n",
                GetParam(), prompts, margin.size(), logits, hidden);
  }
  EXPECT_GE(prompts, 2);
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, GoldenTest,
                         testing::Values("golden/v4-runtime",
                                         "golden/v4-released", "golden/v4-base",
                                         "golden/v4-plain-bf16",
                                         "golden/v4-saved-bf16",
                                         "models/tiny-v4"),
                         [](const auto &info) {
                           std::string name = info.param;
                           name = name.substr(name.find('/') + 1);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
} // namespace sluice::reference
