// On a GPU in software, a sequence has the same logits, bit for bit, alone in
// one step as in a ragged batch of three, cut anywhere.

#include "test/e2e/CompiledPlan.h"
#include "test/e2e/batch/Batches.h"
#include "test/runtime/device/cuda/FakeCuda.h"

#include <random>

using namespace sluice;

namespace {

struct Place {
  const char *checkpoint, *target, *device;
};

struct GpuBatchTest : testing::TestWithParam<Place> {
  void SetUp() override {
    (void)fake::control(); // what "cuda" means here
    Result<std::shared_ptr<const Model>> opened =
        Model::open(compiledPlan(GetParam().checkpoint, /*gpu=*/true));
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    model = *opened;
    options.device = GetParam().device;
    options.target = GetParam().target;
  }

  Ids randomIds(size_t count) {
    std::uniform_int_distribution<uint32_t> draw(
        0, model->plan().model.vocabulary - 1);
    Ids ids(count);
    for (int32_t &id : ids)
      id = int32_t(draw(random));
    return ids;
  }

  std::shared_ptr<const Model> model;
  ContextOptions options;
  std::mt19937 random{20261127};
};

TEST_P(GpuBatchTest, ThreeSequencesInSteps) {
  std::vector<Sequence> sequences;
  std::vector<Rows> expected;
  for (int32_t slot : {2, 0, 1})
    sequences.push_back({randomIds(size_t(6 + 5 * slot)), slot});
  for (const Sequence &sequence : sequences) {
    ContextOptions alone = options;
    alone.maxRows = uint32_t(sequence.ids.size());
    Sequence copy{sequence.ids, 0};
    expected.push_back(
        Batches(model, alone).step({&copy}, {copy.ids.size()})[0]);
  }
  options.slots = 3;
  options.maxRows = 24;
  options.poison = true;
  Batches batches(model, options);
  // Prefill of all; one that decodes beside prefill; the last rows, reordered.
  const std::vector<std::vector<size_t>> steps = {
      {9, 2, 5}, {1, 3, 6}, {6, 1, 0}};
  for (const std::vector<size_t> &counts : steps) {
    std::vector<Sequence *> parts;
    std::vector<size_t> lengths, firsts, which;
    for (size_t i = sequences.size(); i-- > 0;) {
      if (counts[i] == 0)
        continue;
      parts.push_back(&sequences[i]);
      lengths.push_back(counts[i]);
      firsts.push_back(sequences[i].done);
      which.push_back(i);
    }
    std::vector<Rows> rows = batches.step(parts, lengths);
    for (size_t i = 0; i < which.size(); ++i)
      ASSERT_NO_FATAL_FAILURE(
          expectRows(rows[i], expected[which[i]], firsts[i],
                     fmt::format("slot {}", parts[i]->slot)));
  }
  for (const Sequence &sequence : sequences)
    EXPECT_EQ(sequence.done, sequence.ids.size());
}

INSTANTIATE_TEST_SUITE_P(
    Places, GpuBatchTest,
    testing::Values(Place{"golden/v4-runtime", "sm_80", "sim"},
                    Place{"golden/v4-runtime", "sm_120", "cuda"},
                    Place{"golden/v4-released", "sm_120", "sim"},
                    Place{"golden/v4-base", "sm_80", "sim"},
                    Place{"golden/v4-saved-bf16", "sm_120", "sim"},
                    Place{"models/tiny-v4", "sm_80", "cuda"},
                    Place{"models/tiny-v4", "sm_120", "sim"}),
    [](const auto &info) {
      std::string name = info.param.checkpoint;
      name = name.substr(name.find('/') + 1) + "_" + info.param.target + "_" +
             info.param.device;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
