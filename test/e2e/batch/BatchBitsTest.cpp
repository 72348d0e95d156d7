// A sequence has the same logits, bit for bit, alone in one step as in batches
// with others: of other lengths, in any slot, on any page, cut anywhere.

#include "test/e2e/CompiledPlan.h"
#include "test/e2e/batch/Batches.h"

#include <random>

using namespace sluice;

namespace {

class BatchBitsTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Result<std::shared_ptr<const Model>> opened =
        Model::open(compiledPlan(GetParam()));
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    model = *opened;
  }

  Ids randomIds(size_t count) {
    auto vocabulary = static_cast<int32_t>(model->plan().model.vocabulary);
    std::uniform_int_distribution<int32_t> draw(0, vocabulary - 1);
    Ids ids(count);
    for (int32_t &id : ids)
      id = draw(random);
    return ids;
  }

  /// A number from `low` to `high`.
  size_t between(size_t low, size_t high) {
    return std::uniform_int_distribution<size_t>(low, high)(random);
  }

  /// Logits of `ids` in one step, in a context of its own.
  Rows alone(const Ids &ids) {
    ContextOptions options;
    options.maxRows = static_cast<uint32_t>(ids.size());
    options.threads = 1;
    Batches batches(model, options);
    Sequence sequence{ids, 0};
    return batches.step({&sequence}, {ids.size()})[0];
  }

  uint32_t pages(uint32_t multiple) const {
    return static_cast<uint32_t>(model->plan().model.pageMultiple) * multiple;
  }

  std::shared_ptr<const Model> model;
  std::mt19937 random{20261126};
};

// Sequences come, are cut anywhere, mix prefill and decode, end, and leave
// their slot and pages to others; what was there before is poison.
TEST_P(BatchBitsTest, RaggedBatchesOfManySequences) {
  std::vector<Ids> texts;
  std::vector<Rows> expected;
  for (size_t length : {1, 2, 33, 70, 150, 40, 5, 97, 64}) {
    texts.push_back(randomIds(length));
    expected.push_back(alone(texts.back()));
  }
  ContextOptions options;
  options.slots = 3;
  options.maxRows = 48;
  options.maxContext = 160;
  options.pageTokens = pages(1);
  options.threads = 2;
  options.poison = true;
  Batches batches(model, options);
  std::vector<Sequence> running;
  std::vector<size_t> text; // of each running sequence
  std::vector<int32_t> freeSlots = {1, 2, 0};
  for (size_t next = 0, steps = 0; next < texts.size() || !running.empty();
       ++steps) {
    while (!freeSlots.empty() && next < texts.size()) {
      size_t which = between(0, freeSlots.size() - 1);
      running.push_back({texts[next], freeSlots[which]});
      text.push_back(next++);
      freeSlots.erase(freeSlots.begin() + static_cast<ptrdiff_t>(which));
    }
    std::vector<size_t> order(running.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    order.resize(between(1, order.size()));
    std::vector<Sequence *> parts;
    std::vector<size_t> counts, firsts;
    for (size_t i : order) {
      size_t left = running[i].ids.size() - running[i].done;
      size_t most = options.maxRows / order.size();
      parts.push_back(&running[i]);
      counts.push_back(between(0, 1) ? 1 : between(1, std::min(left, most)));
      firsts.push_back(running[i].done);
    }
    std::vector<Rows> rows = batches.step(parts, counts);
    for (size_t i = 0; i < order.size(); ++i)
      expectRows(rows[i], expected[text[order[i]]], firsts[i],
                 fmt::format("step {}, slot {}", steps, parts[i]->slot));
    for (size_t i = running.size(); i-- > 0;)
      if (running[i].done == running[i].ids.size()) {
        ASSERT_TRUE(
            batches.context->reset(static_cast<uint32_t>(running[i].slot))
                .ok());
        freeSlots.push_back(running[i].slot);
        running.erase(running.begin() + static_cast<ptrdiff_t>(i));
        text.erase(text.begin() + static_cast<ptrdiff_t>(i));
      }
    ASSERT_FALSE(HasFatalFailure());
  }
}

// As many sequences as the context takes, one row each, to the last position
// that it takes.
TEST_P(BatchBitsTest, FullContextFullBatch) {
  constexpr uint32_t slots = 4, longest = 65;
  std::vector<Ids> texts;
  std::vector<Rows> expected;
  for (uint32_t i = 0; i < slots; ++i) {
    texts.push_back(randomIds(longest));
    expected.push_back(alone(texts.back()));
  }
  ContextOptions options;
  options.slots = options.maxRows = slots;
  options.maxContext = longest;
  options.poison = true;
  Batches batches(model, options);
  std::vector<Sequence> sequences;
  std::vector<Sequence *> parts;
  for (uint32_t i = 0; i < slots; ++i)
    sequences.push_back({texts[i], static_cast<int32_t>(slots - 1 - i)});
  for (Sequence &sequence : sequences)
    parts.push_back(&sequence);
  for (uint32_t t = 0; t < longest; ++t) {
    std::vector<Rows> rows = batches.step(parts, {1, 1, 1, 1});
    for (uint32_t i = 0; i < slots; ++i)
      ASSERT_NO_FATAL_FAILURE(
          expectRows(rows[i], expected[i], t, fmt::format("sequence {}", i)));
  }
}

TEST_P(BatchBitsTest, LargerPagesChangeNothing) {
  Ids ids = randomIds(130);
  Rows expected = alone(ids);
  for (uint32_t multiple : {2, 5}) {
    ContextOptions options;
    options.pageTokens = pages(multiple);
    options.maxRows = 50;
    options.poison = true;
    Batches batches(model, options);
    Sequence sequence{ids, 0};
    for (size_t count : {50, 1, 29, 50}) {
      size_t first = sequence.done;
      std::vector<Rows> rows = batches.step({&sequence}, {count});
      ASSERT_NO_FATAL_FAILURE(expectRows(rows[0], expected, first,
                                         fmt::format("pages of {}", multiple)));
    }
  }
}

// A step of no rows is a step; what it leaves alone is what was kept.
TEST_P(BatchBitsTest, StepsOfNoRows) {
  Ids ids = randomIds(20);
  Rows expected = alone(ids);
  ContextOptions options;
  options.poison = true;
  Batches batches(model, options);
  Sequence sequence{ids, 0};
  for (size_t count : {7, 13}) {
    EXPECT_TRUE(batches.step({}, {}).empty());
    size_t first = sequence.done;
    ASSERT_NO_FATAL_FAILURE(expectRows(batches.step({&sequence}, {count})[0],
                                       expected, first, "after no rows"));
  }
}

// A step that is refused changes nothing.
TEST_P(BatchBitsTest, RefusedStepsLeaveTheStateAlone) {
  Ids ids = randomIds(30);
  Rows expected = alone(ids);
  ContextOptions options;
  options.slots = 2;
  Batches batches(model, options);
  Sequence sequence{ids, 1};
  ASSERT_NO_FATAL_FAILURE(
      expectRows(batches.step({&sequence}, {17})[0], expected, 0, "before"));
  Ids one = {3}, at = {18}, slot = {1}, rows = {0, 1};
  EXPECT_EQ(batches.context->step({one, at, slot, rows, {}}).code(),
            StatusCode::InvalidArgument);
  EXPECT_EQ(batches.context->kept(1), 17u);
  ASSERT_NO_FATAL_FAILURE(
      expectRows(batches.step({&sequence}, {13})[0], expected, 17, "after"));
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, BatchBitsTest,
                         testing::Values("golden/v4-runtime",
                                         "golden/v4-released", "golden/v4-base",
                                         "golden/v4-saved-bf16",
                                         "models/tiny-v4"),
                         [](const auto &info) {
                           std::string name = info.param;
                           name = name.substr(name.find('/') + 1);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
