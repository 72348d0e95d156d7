// What a context can be asked for: sizes, targets, limits.

#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::AllOf;
using testing::HasSubstr;

namespace {

struct ContextTest : testing::Test {
  void SetUp() override {
    tiny.write();
    Result<std::shared_ptr<const Model>> opened = tiny.open();
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    model = *opened;
  }
  ~ContextTest() override { unsetenv("SLUICE_CPU_TARGET"); }

  Status refusal(const ContextOptions &options) {
    Result<std::unique_ptr<Context>> context = Context::create(model, options);
    return context.ok() ? Status() : context.status();
  }

  TinyModel tiny;
  std::shared_ptr<const Model> model;
};

} // namespace

TEST_F(ContextTest, DefaultsAreChosen) {
  Result<std::unique_ptr<Context>> context = Context::create(model);
  ASSERT_TRUE(context.ok()) << context.status().message();
  const ContextOptions &options = (*context)->options();
  EXPECT_EQ(options.maxRows, 512u);
  EXPECT_EQ(options.maxLogitRows, 512u);
  EXPECT_EQ(options.maxSequences, 1u);
  EXPECT_EQ(options.maxContext, 512u) << "the model's";
  EXPECT_EQ(options.pageTokens, 64u);
  EXPECT_GE(options.threads, 1u);
  EXPECT_EQ((*context)->target(), "second") << "the last that runs here";
}

TEST_F(ContextTest, SizesOutOfRange) {
  struct {
    ContextOptions options;
    const char *words;
  } cases[] = {
      {{.maxRows = 0}, "rows a step"},
      {{.maxRows = (1u << 20) + 1}, "expected 1 to 1048576 rows a step"},
      {{.slots = 0}, "slots"},
      {{.maxSequences = 2}, "sequences a step"},
      {{.maxLogitRows = 1u << 21}, "logit rows"},
      {{.maxContext = 513}, "expected 1 to 512 tokens of context"},
      {{.pageTokens = 6}, "a multiple of 4 tokens"},
      {{.pageTokens = 0x80000004}, "tokens a page"},
  };
  for (const auto &one : cases) {
    Status status = refusal(one.options);
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(one.words));
  }
}

TEST_F(ContextTest, TargetsByName) {
  for (const char *name : {"first", "second"}) {
    ContextOptions options;
    options.target = name;
    Result<std::unique_ptr<Context>> context = Context::create(model, options);
    ASSERT_TRUE(context.ok()) << context.status().message();
    EXPECT_EQ((*context)->target(), name);
  }
  setenv("SLUICE_CPU_TARGET", "first", 1);
  Result<std::unique_ptr<Context>> context = Context::create(model);
  ASSERT_TRUE(context.ok()) << context.status().message();
  EXPECT_EQ((*context)->target(), "first");
  setenv("SLUICE_CPU_TARGET", "third", 1);
  EXPECT_THAT(refusal({}).message(),
              AllOf(HasSubstr("\"third\""),
                    HasSubstr("it has \"first\", \"second\", \"never\";")));
  EXPECT_EQ(refusal({}).code(), StatusCode::InvalidArgument);
}

// Code for a CPU that this is not cannot be chosen, by default or by name.
TEST_F(ContextTest, TargetsThatCannotRunHere) {
  ContextOptions options;
  options.target = "never";
  EXPECT_EQ(refusal(options).code(), StatusCode::Incompatible);
  EXPECT_THAT(refusal(options).message(), HasSubstr("feature-of-2040"));
  for (TestPlan::Target &target : tiny.plan.targets)
    target.features = {"feature-of-2040"};
  tiny.write();
  model = *tiny.open();
  EXPECT_EQ(refusal({}).code(), StatusCode::Incompatible);
  EXPECT_THAT(refusal({}).message(), HasSubstr("feature-of-2040"));
}

TEST_F(ContextTest, MemoryLimit) {
  Result<MemoryBill> bill = memoryBill(*model, {});
  ASSERT_TRUE(bill.ok()) << bill.status().message();
  ContextOptions options;
  options.memoryLimit = bill->total() - 1;
  Status status = refusal(options);
  EXPECT_EQ(status.code(), StatusCode::OutOfMemory);
  EXPECT_THAT(status.message(),
              HasSubstr(std::to_string(bill->total()) + " bytes"));
  options.memoryLimit = bill->total();
  Result<std::unique_ptr<Context>> context = Context::create(model, options);
  ASSERT_TRUE(context.ok()) << context.status().message();
  EXPECT_EQ((*context)->bill().total(), bill->total());
}

TEST_F(ContextTest, TheBillGrowsWithWhatIsAskedFor) {
  auto bill = [&](const ContextOptions &options) {
    Result<MemoryBill> result = memoryBill(*model, options);
    EXPECT_TRUE(result.ok());
    return *result;
  };
  MemoryBill small = bill({.maxRows = 8, .maxContext = 64});
  EXPECT_GT(bill({.maxRows = 16, .maxContext = 64}).arena, small.arena);
  EXPECT_EQ(bill({.maxRows = 16, .maxContext = 64}).states, small.states);
  EXPECT_GT(bill({.maxRows = 8, .maxContext = 128}).states, small.states);
  // Pools are a multiple of 256 bytes, so not quite three times as much.
  EXPECT_GT(bill({.maxRows = 8, .maxContext = 512, .slots = 3}).states,
            2 * bill({.maxRows = 8, .maxContext = 512}).states);
  EXPECT_EQ(small.weights, model->weightBytes());
}

TEST_F(ContextTest, OutputsOfUnknownNameAndTooEarly) {
  Result<std::unique_ptr<Context>> context = Context::create(model);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ((*context)->logits().status().code(), StatusCode::InvalidArgument);
  EXPECT_EQ((*context)->output("other").status().code(),
            StatusCode::InvalidArgument);
  EXPECT_EQ((*context)->reset(1).code(), StatusCode::InvalidArgument);
}

// A stack's tensors are apart in the file, which is read from front to back.
TEST_F(ContextTest, WeightsAreLoadedOnceInTheOrderOfTheFile) {
  std::vector<uint64_t> told;
  auto loading = [&](uint64_t done) {
    told.push_back(done);
    return true;
  };
  EXPECT_TRUE(refusal({.loading = loading}).ok());
  EXPECT_EQ(told, (std::vector<uint64_t>{64, 68, 72, 88, 92, 96}));
  EXPECT_EQ(told.back(), model->weightBytes());
}

TEST_F(ContextTest, LoadingCanBeStopped) {
  int calls = 0;
  Status status = refusal({.loading = [&](uint64_t) { return ++calls < 2; }});
  EXPECT_EQ(status.code(), StatusCode::Failed);
  EXPECT_THAT(status.message(), HasSubstr("interrupted while weights"));
  EXPECT_EQ(calls, 2);
}
