#include "runtime/include/sluice.h"
#include "test/runtime/executor/TinyModel.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;

extern "C" int sluice_test_run(const char *plan, const char *directory,
                               const int32_t *ids, size_t count, float *logits,
                               size_t capacity, sluice_error *error);

namespace {

template <typename T> T sized() {
  T out;
  std::memset(&out, 0, sizeof out);
  out.size = sizeof out;
  return out;
}

struct ApiTest : testing::Test {
  ApiTest() {
    tiny.write();
    EXPECT_EQ(sluice_model_open(tiny.planPath().c_str(),
                                tiny.directory().c_str(), &model, &error),
              SLUICE_OK)
        << error.message;
    auto options = sized<sluice_context_options>();
    options.slots = 2;
    options.max_rows = 8;
    options.max_context = 32;
    options.page_tokens = 4;
    options.threads = 1;
    EXPECT_EQ(sluice_context_create(model, &options, &context, &error),
              SLUICE_OK)
        << error.message;
  }
  ~ApiTest() override {
    sluice_context_close(context);
    sluice_model_close(model);
  }

  static sluice_step toC(const StepInput &input) {
    auto out = sized<sluice_step>();
    out.row_count = input.ids.size();
    out.sequence_count = input.rows.size() - 1;
    out.logit_row_count = input.logitRows.size();
    out.ids = input.ids.data();
    out.pos = input.pos.data();
    out.slot = input.slot.data();
    out.rows = input.rows.data();
    out.logit_rows = input.logitRows.data();
    return out;
  }

  int run(const std::vector<TinyChunk> &chunks) {
    sluice_step step = toC(steps.make(chunks));
    return sluice_context_step(context, &step, &error);
  }

  std::vector<float> logits() {
    const float *data = nullptr;
    size_t count = 0;
    EXPECT_EQ(sluice_context_logits(context, &data, &count, &error), SLUICE_OK)
        << error.message;
    return {data, data + count};
  }

  TinyModel tiny;
  TinySteps steps;
  sluice_model *model = nullptr;
  sluice_context *context = nullptr;
  sluice_error error{};
};

} // namespace

TEST_F(ApiTest, StepsGiveTheLogitsOfTheExecutor) {
  ASSERT_EQ(run({{1, {1, 2, 3}}, {0, {4}}}), SLUICE_OK) << error.message;
  EXPECT_EQ(logits(), steps.expected(false));
  ASSERT_EQ(run({{0, {5}}}), SLUICE_OK) << error.message;
  EXPECT_EQ(logits(), steps.expected(true));
}

TEST_F(ApiTest, TheHeaderIsC) {
  const int32_t ids[] = {3, 1, 4};
  float found[16] = {};
  ASSERT_EQ(sluice_test_run(tiny.planPath().c_str(), tiny.directory().c_str(),
                            ids, 3, found, 16, &error),
            SLUICE_OK)
      << error.message;
  ASSERT_EQ(run({{0, {3, 1, 4}}}), SLUICE_OK);
  std::vector<float> ours = logits();
  EXPECT_TRUE(std::equal(found, found + 16, ours.end() - 16));
}

TEST_F(ApiTest, ModelInfo) {
  auto info = sized<sluice_model_info>();
  ASSERT_EQ(sluice_model_get_info(model, &info, &error), SLUICE_OK);
  EXPECT_EQ(info.vocabulary, TinyModel::vocabulary);
  EXPECT_EQ(info.page_multiple, TinyModel::pageMultiple);
  EXPECT_EQ(info.max_context, 512u);
  EXPECT_EQ(info.plan_bytes, std::filesystem::file_size(tiny.planPath()));
  EXPECT_EQ(info.weight_bytes, (16 + 2 + 4 + 2) * sizeof(int32_t));
  EXPECT_STREQ(info.architecture, tiny.plan.architecture->c_str());
}

TEST_F(ApiTest, ContextInfo) {
  auto info = sized<sluice_context_info>();
  ASSERT_EQ(sluice_context_get_info(context, &info, &error), SLUICE_OK);
  EXPECT_EQ(info.max_rows, 8u);
  EXPECT_EQ(info.max_sequences, 2u);
  EXPECT_EQ(info.max_logit_rows, 8u);
  EXPECT_EQ(info.max_context, 32u);
  EXPECT_EQ(info.slots, 2u);
  EXPECT_EQ(info.page_tokens, 4u);
  EXPECT_EQ(info.threads, 1u);
  EXPECT_EQ(info.poison, 0u);
  EXPECT_STREQ(info.target, TinyModel::targets[1]);
  EXPECT_GT(info.arena_bytes, 0u);
  EXPECT_EQ(info.total_bytes,
            info.arena_bytes + info.state_bytes + info.other_bytes);
}

TEST_F(ApiTest, OutputsByName) {
  auto output = sized<sluice_output>();
  EXPECT_EQ(sluice_context_get_output(context, "mixed", &output, &error),
            SLUICE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("before a step"));
  ASSERT_EQ(run({{0, {1, 2, 3}}}), SLUICE_OK);
  ASSERT_EQ(sluice_context_get_output(context, "mixed", &output, &error),
            SLUICE_OK);
  EXPECT_STREQ(output.dtype, "I32");
  EXPECT_EQ(output.rank, 2u);
  EXPECT_THAT(std::vector(output.shape, output.shape + 3),
              ElementsAre(3, 16, 0));
  EXPECT_EQ(output.bytes, 3 * 16 * sizeof(int32_t));
  EXPECT_EQ(sluice_context_get_output(context, "nothing", &output, &error),
            SLUICE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("\"nothing\""));
}

TEST_F(ApiTest, KeptAndReset) {
  uint32_t kept = 9;
  ASSERT_EQ(run({{1, {1, 2, 3}}}), SLUICE_OK);
  ASSERT_EQ(sluice_context_kept(context, 1, &kept, &error), SLUICE_OK);
  EXPECT_EQ(kept, 3u);
  ASSERT_EQ(sluice_context_reset(context, 1, &error), SLUICE_OK);
  ASSERT_EQ(sluice_context_kept(context, 1, &kept, &error), SLUICE_OK);
  EXPECT_EQ(kept, 0u);
  EXPECT_EQ(sluice_context_kept(context, 2, &kept, &error),
            SLUICE_INVALID_ARGUMENT);
  EXPECT_EQ(sluice_context_reset(context, 2, &error), SLUICE_INVALID_ARGUMENT);
  steps.forget(1);
  ASSERT_EQ(run({{1, {7}}}), SLUICE_OK) << error.message;
  EXPECT_EQ(logits(), steps.expected(true));
}

TEST_F(ApiTest, ARefusedStepChangesNothing) {
  ASSERT_EQ(run({{0, {1, 2}}}), SLUICE_OK);
  const std::vector<float> before = logits();
  int32_t id = 1, pos = 2, slot = 0, rows[] = {0, 1}, wanted = 0;
  auto good = toC({{&id, 1}, {&pos, 1}, {&slot, 1}, rows, {&wanted, 1}});
  struct {
    const char *what;
    void (*spoil)(sluice_step &);
  } cases[] = {
      {"token",
       [](sluice_step &s) {
         static int32_t x = 16;
         s.ids = &x;
       }},
      {"position",
       [](sluice_step &s) {
         static int32_t x = 3;
         s.pos = &x;
       }},
      {"slot",
       [](sluice_step &s) {
         static int32_t x = 2;
         s.slot = &x;
       }},
      {"slot",
       [](sluice_step &s) {
         static int32_t x = -1;
         s.slot = &x;
       }},
      {"logit row",
       [](sluice_step &s) {
         static int32_t x = 1;
         s.logit_rows = &x;
       }},
      {"row offsets",
       [](sluice_step &s) {
         static int32_t x[] = {1, 1};
         s.rows = x;
       }},
      {"rows, the context takes", [](sluice_step &s) { s.row_count = 9; }},
      {"sequences in", [](sluice_step &s) { s.sequence_count = SIZE_MAX; }},
      {"rows, the context takes",
       [](sluice_step &s) { s.row_count = s.sequence_count = SIZE_MAX; }},
      {"ids must not be null", [](sluice_step &s) { s.ids = nullptr; }},
      {"rows must not be null", [](sluice_step &s) { s.rows = nullptr; }},
      {"logit_rows must not be null",
       [](sluice_step &s) { s.logit_rows = nullptr; }},
  };
  for (const auto &one : cases) {
    sluice_step bad = good;
    one.spoil(bad);
    EXPECT_EQ(sluice_context_step(context, &bad, &error),
              SLUICE_INVALID_ARGUMENT);
    EXPECT_THAT(error.message, HasSubstr(one.what));
    EXPECT_EQ(logits(), before);
  }
  ASSERT_EQ(run({{0, {3}}}), SLUICE_OK) << error.message;
  EXPECT_EQ(logits(), steps.expected(true));
}

TEST_F(ApiTest, NullArguments) {
  auto info = sized<sluice_model_info>();
  auto step = sized<sluice_step>();
  const float *data = nullptr;
  uint32_t kept = 0;
  int bad = SLUICE_INVALID_ARGUMENT;
  EXPECT_EQ(sluice_model_open(nullptr, nullptr, &model, nullptr), bad);
  EXPECT_EQ(sluice_model_open("x", nullptr, nullptr, &error), bad);
  EXPECT_THAT(error.message, HasSubstr("model must not be null"));
  EXPECT_EQ(sluice_model_get_info(nullptr, &info, &error), bad);
  EXPECT_EQ(sluice_model_get_info(model, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_create(nullptr, nullptr, &context, &error), bad);
  EXPECT_EQ(sluice_context_create(model, nullptr, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_get_info(context, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_step(nullptr, &step, &error), bad);
  EXPECT_EQ(sluice_context_step(context, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_logits(context, nullptr, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_logits(nullptr, &data, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_get_output(context, nullptr, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_kept(context, 0, nullptr, &error), bad);
  EXPECT_EQ(sluice_context_kept(nullptr, 0, &kept, &error), bad);
  EXPECT_EQ(sluice_context_reset(nullptr, 0, &error), bad);
  sluice_context_close(nullptr);
  sluice_model_close(nullptr);
}

// A caller built against an older header passes and gets fewer fields.
TEST_F(ApiTest, OlderCallers) {
  auto info = sized<sluice_model_info>();
  info.size = offsetof(sluice_model_info, weight_bytes);
  info.vocabulary = 12345;
  ASSERT_EQ(sluice_model_get_info(model, &info, &error), SLUICE_OK);
  EXPECT_EQ(info.size, offsetof(sluice_model_info, weight_bytes));
  EXPECT_EQ(info.page_multiple, TinyModel::pageMultiple);
  EXPECT_EQ(info.vocabulary, 12345u) << "written past what the caller has";

  auto options = sized<sluice_context_options>();
  options.size = offsetof(sluice_context_options, target);
  options.slots = 77; // beyond what the caller says it has
  sluice_context *other = nullptr;
  ASSERT_EQ(sluice_context_create(model, &options, &other, &error), SLUICE_OK);
  auto chosen = sized<sluice_context_info>();
  ASSERT_EQ(sluice_context_get_info(other, &chosen, &error), SLUICE_OK);
  EXPECT_EQ(chosen.slots, 1u);
  sluice_context_close(other);
}

// A caller built against a newer header passes more: zero is no request.
TEST_F(ApiTest, NewerCallers) {
  struct Newer {
    sluice_context_options known;
    uint64_t unknown;
  } options{sized<sluice_context_options>(), 0};
  options.known.size = sizeof options;
  sluice_context *other = nullptr;
  ASSERT_EQ(sluice_context_create(model, &options.known, &other, &error),
            SLUICE_OK)
      << error.message;
  sluice_context_close(other);
  options.unknown = 1;
  EXPECT_EQ(sluice_context_create(model, &options.known, &other, &error),
            SLUICE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("does not know"));
  for (size_t size : {size_t(0), size_t(7), size_t(1) << 20}) {
    options.known.size = size;
    EXPECT_EQ(sluice_context_create(model, &options.known, &other, &error),
              SLUICE_INVALID_ARGUMENT);
    EXPECT_THAT(error.message, HasSubstr("expected size"));
  }
}

TEST_F(ApiTest, CloseInAnyOrder) {
  sluice_model_close(model);
  model = nullptr;
  ASSERT_EQ(run({{0, {1, 2, 3}}}), SLUICE_OK) << error.message;
  EXPECT_EQ(logits(), steps.expected(false));
}

TEST_F(ApiTest, FailuresHaveTheirCodes) {
  sluice_model *other = nullptr;
  EXPECT_EQ(sluice_model_open("/nonexistent.plan", nullptr, &other, &error),
            SLUICE_BAD_INPUT);
  EXPECT_THAT(error.message, HasSubstr("/nonexistent.plan"));
  EXPECT_EQ(other, nullptr);
  auto options = sized<sluice_context_options>();
  options.memory_limit = 1;
  sluice_context *none = nullptr;
  EXPECT_EQ(sluice_context_create(model, &options, &none, &error),
            SLUICE_OUT_OF_MEMORY);
  EXPECT_EQ(none, nullptr);
  options.memory_limit = 0;
  options.target = "never";
  EXPECT_EQ(sluice_context_create(model, &options, &none, &error),
            SLUICE_INCOMPATIBLE);
  EXPECT_THAT(error.message, HasSubstr("feature-of-2040"));
}

// What does not fit is cut, never inside a character.
TEST_F(ApiTest, LongMessagesAreCutBetweenCharacters) {
  for (int i = 0; i < 20; ++i) {
    TestPlan::Target target = tiny.plan.targets[0];
    target.name = fmt::format("{}", i);
    for (int j = 0; j < 50; ++j)
      *target.name += "\u20ac"; // 3 bytes
    tiny.plan.targets.push_back(target);
  }
  tiny.write();
  sluice_model *other = nullptr;
  ASSERT_EQ(sluice_model_open(tiny.planPath().c_str(), tiny.directory().c_str(),
                              &other, &error),
            SLUICE_OK)
      << error.message;
  for (const char *name : {"a", "aa", "aaa"}) {
    Status whole =
        Context::create(*tiny.open(), {.threads = 1, .target = name}).status();
    ASSERT_GT(whole.message().size(), 2000u);
    auto options = sized<sluice_context_options>();
    options.target = name;
    std::memset(&error, 'x', sizeof error);
    sluice_context *none = nullptr;
    ASSERT_EQ(sluice_context_create(other, &options, &none, &error),
              SLUICE_INVALID_ARGUMENT);
    size_t length = strnlen(error.message, sizeof error.message);
    EXPECT_GE(length, sizeof error.message - 3);
    ASSERT_LT(length, sizeof error.message);
    EXPECT_EQ(whole.message().substr(0, length), error.message);
    EXPECT_NE(whole.message()[length] & 0xc0, 0x80) << "inside a character";
  }
  sluice_model_close(other);
}

TEST_F(ApiTest, Version) { EXPECT_STREQ(sluice_version(), SLUICE_VERSION); }
