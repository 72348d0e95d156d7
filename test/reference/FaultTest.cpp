#include "test/reference/Checkpoint.h"
#include "test/reference/Model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace sluice::reference {
namespace {

/// A way to get the model a little wrong.
struct Fault {
  const char *name;
  std::function<void(Config &, Weights &)> commit;
};

void PrintTo(const Fault &fault, std::ostream *out) { *out << fault.name; }

Values transposed(const Values &m, std::size_t rows, std::size_t columns) {
  Values result(m.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c)
      result[c * rows + r] = m[r * columns + c];
  return result;
}

/// Exchanges the two halves of the rows, as if the wrong one of two series, or
/// up instead of gate, came first.
void swapHalves(Values &rows) {
  std::rotate(rows.begin(), rows.begin() + std::int64_t(rows.size() / 2),
              rows.end());
}

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, IsFarOutsideTheTolerance) {
  const std::string directory = SLUICE_TEST_DATA "/golden/v4-runtime";
  Config config = readConfig(directory + "/config.json");
  Weights weights = loadWeights(config, Checkpoint(directory));
  const SafetensorsFile golden(directory + "/golden.safetensors");
  const Values theirs = decodePlain(golden.tensors().at("1.logits"));
  std::vector<std::int64_t> ids;
  for (double id : decodePlain(golden.tensors().at("1.input_ids")))
    ids.push_back(std::int64_t(id));

  GetParam().commit(config, weights);
  const Values logits = Sequence(config, weights).append(ids).logits;
  double largest = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i)
    largest = std::max(largest, std::abs(logits[i] - theirs[i]));
  EXPECT_GT(largest, 1e-3);
}

const Fault faults[] = {
    {"WindowOneTooShort", [](Config &c, Weights &) { --c.window; }},
    {"WindowOneTooLong", [](Config &c, Weights &) { ++c.window; }},
    {"OneEntryTooFewPicked", [](Config &c, Weights &) { --c.indexTop; }},
    {"OneExpertTooFew", [](Config &c, Weights &) { --c.chosen; }},
    {"WithoutTheLimit", [](Config &c, Weights &) { c.limit = 0; }},
    {"NoRoutedScale", [](Config &c, Weights &) { c.routedScale = 1; }},
    {"OneSinkhornIteration",
     [](Config &c, Weights &) { c.hc.sinkhornIterations = 1; }},
    {"LargeHcEpsilon", [](Config &c, Weights &) { c.hc.epsilon = 1e-3; }},
    {"LargeNormEpsilon", [](Config &c, Weights &) { c.normEpsilon = 1e-3; }},
    {"MainRopeEverywhere",
     [](Config &c, Weights &) { c.compressRope = c.mainRope; }},
    {"CompressRopeEverywhere",
     [](Config &c, Weights &) { c.mainRope = c.compressRope; }},
    {"RopeFactorOfYarn",
     [](Config &c, Weights &) { c.compressRope.factor = 1.277; }},
    {"SeriesExchanged",
     [](Config &, Weights &w) {
       swapHalves(w.layers[1].entries.kv);
       swapHalves(w.layers[1].entries.gate);
     }},
    {"IndexerSeriesExchanged",
     [](Config &, Weights &w) {
       swapHalves(w.layers[1].keys.kv);
       swapHalves(w.layers[1].keys.gate);
     }},
    {"GateAndUpExchanged",
     [](Config &, Weights &w) {
       std::swap(w.layers[2].expertGate, w.layers[2].expertUp);
     }},
    {"NoSinks",
     [](Config &, Weights &w) {
       for (auto &layer : w.layers)
         std::fill(layer.sinks.begin(), layer.sinks.end(), -1e9);
     }},
    {"NoRouterBias",
     [](Config &, Weights &w) {
       for (auto &layer : w.layers)
         std::fill(layer.routerBias.begin(), layer.routerBias.end(), 0.0);
     }},
    {"NoPositionBias",
     [](Config &, Weights &w) {
       auto &bias = w.layers[2].entries.bias;
       std::fill(bias.begin(), bias.end(), 0.0);
     }},
    {"OutputProjectionTransposed",
     [](Config &c, Weights &w) {
       auto &up = w.layers[0].outUp;
       up = transposed(up, c.hidden, c.outGroups * c.outRank);
     }},
    {"OneWeightOffByOnePercent",
     [](Config &, Weights &w) { w.layers[3].attentionNorm[5] *= 1.01; }},
};

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, testing::ValuesIn(faults),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace sluice::reference
