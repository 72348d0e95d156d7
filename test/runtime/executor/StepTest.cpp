#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

using namespace sluice;
using testing::ElementsAreArray;

namespace {

struct StepTest : testing::Test {
  StepTest() { tiny.write(); }

  std::unique_ptr<Context> create(ContextOptions options) {
    Result<std::shared_ptr<const Model>> model = tiny.open();
    EXPECT_TRUE(model.ok()) << model.status().message();
    if (!model.ok())
      return nullptr;
    Result<std::unique_ptr<Context>> context = Context::create(*model, options);
    EXPECT_TRUE(context.ok()) << context.status().message();
    return context.ok() ? *std::move(context) : nullptr;
  }

  void run(Context &context, const std::vector<TinyChunk> &chunks) {
    StepInput input = steps.make(chunks);
    Status status = context.step(input);
    ASSERT_TRUE(status.ok()) << status.message();
    Result<std::span<const float>> logits = context.logits();
    ASSERT_TRUE(logits.ok()) << logits.status().message();
    EXPECT_THAT(*logits,
                ElementsAreArray(steps.expected(input.ids.size() <= 2)));
  }

  TinyModel tiny;
  TinySteps steps;
};

} // namespace

TEST_F(StepTest, ChunksAndNeighboursGiveWhatEachTokenHasSeen) {
  auto context = create({.maxRows = 16,
                         .maxContext = 64,
                         .slots = 3,
                         .pageTokens = 4,
                         .threads = 2,
                         .poison = true});
  ASSERT_TRUE(context);
  run(*context, {{0, {1, 2, 3, 4, 5, 6, 7}}});
  run(*context, {{1, {9, 8}}, {0, {1}}});
  run(*context, {{0, {2}}});
  run(*context, {{2, {3, 3, 3, 3, 3}}, {0, {4, 5}}, {1, {15, 14, 13}}});
  run(*context, {{1, {0}}, {2, {1}}});
}

TEST_F(StepTest, RandomStepsAgreeWithTheHistory) {
  std::mt19937 random(3);
  auto below = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
  for (uint32_t page : {4u, 8u, 64u}) {
    auto context = create({.maxRows = 24,
                           .maxContext = 200,
                           .slots = 5,
                           .pageTokens = page,
                           .threads = 1 + page % 3,
                           .poison = true});
    ASSERT_TRUE(context);
    steps = {};
    for (int step = 0; step < 60; ++step) {
      std::vector<TinyChunk> chunks;
      for (int32_t slot = 4; slot >= 0; --slot) {
        if (below(8) == 0 || context->kept(slot) > 190) {
          ASSERT_TRUE(context->reset(slot).ok());
          steps.forget(slot);
        }
        if (below(2) == 0)
          continue;
        chunks.push_back({slot, std::vector<int32_t>(1 + below(4))});
        for (int32_t &token : chunks.back().tokens)
          token = below(16);
      }
      run(*context, chunks);
    }
  }
}
