// Plans that the reader takes but that fail at some step or for some context:
// refused as a whole, with a sentence, and the context goes on as it was.

#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace sluice;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

namespace {

constexpr size_t mix = 3, head = 5; // kernels of TinyModel
constexpr uint32_t target = 1;      // that runs

struct SpoiledStepTest : testing::Test {
  Result<std::unique_ptr<Context>> tryCreate(bool poison = false) {
    tiny.write();
    Result<std::shared_ptr<const Model>> model = tiny.open();
    EXPECT_TRUE(model.ok()) << model.status().message();
    return Context::create(*model, {.maxRows = 8,
                                    .maxContext = 32,
                                    .slots = 2,
                                    .pageTokens = 4,
                                    .threads = 2,
                                    .poison = poison});
  }

  void create(bool poison = false) {
    Result<std::unique_ptr<Context>> made = tryCreate(poison);
    ASSERT_TRUE(made.ok()) << made.status().message();
    context = *std::move(made);
  }

  std::vector<float> logits() {
    Result<std::span<const float>> found = context->logits();
    EXPECT_TRUE(found.ok()) << found.status().message();
    return {found->begin(), found->end()};
  }

  void expectStep(const std::vector<TinyChunk> &chunks) {
    StepInput input = steps.make(chunks);
    Status status = context->step(input);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(logits(), steps.expected(input.ids.size() <= 2));
  }

  /// A step of three rows is refused and leaves no trace.
  void expectThreeRowsRefused(StatusCode code, const std::string &words) {
    create();
    expectStep({{0, {1, 2}}});
    TinySteps before = steps;
    const std::vector<float> kept = logits();
    Status status = context->step(steps.make({{0, {3, 4, 5}}}));
    steps = before;
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_EQ(context->kept(0), 2u);
    EXPECT_EQ(logits(), kept);
    expectStep({{0, {6}}, {1, {7}}});
  }

  void expectNoContext(StatusCode code, const std::string &words) {
    Result<std::unique_ptr<Context>> made = tryCreate();
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.status().code(), code);
    EXPECT_THAT(made.status().message(), HasSubstr(words));
  }

  TestPlan &plan() { return tiny.plan; }
  TestPlan::Stage &stage(size_t kernel, size_t variant) {
    return plan().kernels[kernel].variants[variant].stages[0];
  }
  /// Divides by zero at three rows, is `value` else.
  uint32_t brokenAtThree(int64_t value) {
    uint32_t big = plan().number(1000);
    uint32_t zeroAtThree =
        plan().binary(fb::ExprOp::Mod, plan().symbol("T"), plan().number(3));
    // value * (1000 floordiv that) floordiv (1000 floordiv that)
    uint32_t fragile = plan().binary(fb::ExprOp::FloorDiv, big, zeroAtThree);
    return plan().binary(fb::ExprOp::FloorDiv, plan().mul(fragile, value),
                         fragile);
  }

  TinyModel tiny;
  TinySteps steps;
  std::unique_ptr<Context> context;
};

} // namespace

TEST_F(SpoiledStepTest, NoVariantForSoManyRows) {
  std::vector<TestPlan::Variant> &variants = plan().kernels[mix].variants;
  std::erase_if(variants, [](const auto &v) { return v.guard.empty(); });
  expectThreeRowsRefused(StatusCode::Incompatible,
                         "kernel \"mix\": no variant takes a step of 3 rows");
}

TEST_F(SpoiledStepTest, AGuardThatDividesByZero) {
  for (TestPlan::Variant &variant : plan().kernels[mix].variants)
    if (!variant.guard.empty())
      variant.guard.push_back({brokenAtThree(1), 0, 2});
  expectThreeRowsRefused(StatusCode::InvalidArgument,
                         "divides by zero at T = 3");
}

TEST_F(SpoiledStepTest, AGridThatDividesByZero) {
  stage(head, target).grid[1] = brokenAtThree(1);
  expectThreeRowsRefused(StatusCode::InvalidArgument,
                         "divides by zero at T = 3");
}

TEST_F(SpoiledStepTest, AValueThatDividesByZero) {
  // "longest" of mix, which ends up in the logits: N where it is defined.
  TestPlan::Launch &launch = plan().launches[mix];
  uint32_t one = brokenAtThree(1);
  launch.args[11] =
      fb::Arg(plan().binary(fb::ExprOp::Mul, plan().symbol("N"), one), 0,
              fb::ArgKind::Value);
  expectThreeRowsRefused(StatusCode::InvalidArgument,
                         "divides by zero at N = 5, T = 3");
}

TEST_F(SpoiledStepTest, AGridOutOfRange) {
  // 2^40 blocks at three rows, else 1: min(2^40 * (T floordiv 3) + 1, ..).
  uint32_t many = plan().mul(
      plan().binary(fb::ExprOp::FloorDiv, plan().symbol("T"), plan().number(3)),
      int64_t(1) << 40);
  stage(head, target).grid[2] =
      plan().binary(fb::ExprOp::Add, many, plan().number(1));
  expectThreeRowsRefused(StatusCode::InvalidArgument,
                         "a grid of 1099511627777 blocks along one axis");
}

TEST_F(SpoiledStepTest, MoreBlocksThan64BitsCount) {
  uint32_t axis = plan().binary(
      fb::ExprOp::Max, plan().number(1),
      plan().mul(plan().binary(fb::ExprOp::FloorDiv, plan().symbol("T"),
                               plan().number(3)),
                 0xffffffff));
  stage(head, target).grid = {axis, axis, axis};
  // Three rows only: at other counts of rows it runs one block for row 0.
  create();
  Status status = context->step(steps.make({{0, {3, 4, 5}}}));
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("2^64 blocks"));
}

TEST_F(SpoiledStepTest, ScratchThatTheLargestStepDoesNotNeed) {
  for (TestPlan::Variant &variant : plan().kernels[mix].variants)
    if (variant.guard.empty()) // 8 rows at most: 0 bytes there
      variant.stages[0].scratch = plan().mul(
          plan().binary(fb::ExprOp::Mod, plan().symbol("T"), plan().number(8)),
          1000);
  expectThreeRowsRefused(StatusCode::BadInput,
                         "a block asks for 3000 bytes of scratch");
}

TEST_F(SpoiledStepTest, AnOutputLargerThanItsBuffer) {
  plan().outputs[1].shape[1] = plan().number(1 << 20);
  create();
  ASSERT_TRUE(context->step(steps.make({{0, {1, 2}}})).ok());
  Result<OutputView> output = context->output("mixed");
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), StatusCode::BadInput);
  EXPECT_THAT(output.status().message(), HasSubstr("\"mixed\" is larger than"));
  plan().outputs[1].shape = {plan().number(INT64_MAX), plan().number(8)};
  create();
  ASSERT_TRUE(context->step(steps.make({{1, {1, 2}}})).ok());
  EXPECT_EQ(context->output("mixed").status().code(), StatusCode::BadInput);
}

TEST_F(SpoiledStepTest, InputsOfAnotherCount) {
  plan().inputs[0].count = plan().mul(plan().symbol("T"), 2);
  expectNoContext(StatusCode::BadInput,
                  "input \"ids\" has 16 elements, the runtime binds 8");
}

TEST_F(SpoiledStepTest, SizesWithoutAValue) {
  uint32_t zero = plan().number(0);
  plan().buffers[1].bytes =
      plan().binary(fb::ExprOp::Mod, plan().symbol("maxT"), zero);
  expectNoContext(StatusCode::InvalidArgument,
                  "maxT mod 0 divides by zero at maxT = 8");
  plan().buffers[1].bytes = plan().mul(plan().symbol("T"), INT64_MAX);
  expectNoContext(StatusCode::InvalidArgument, "overflows 64 bits");
  plan().buffers[1].bytes = plan().mul(plan().symbol("T"), -1);
  expectNoContext(StatusCode::InvalidArgument, "is negative at T = 8");
  plan().buffers[1].bytes = plan().number(INT64_MAX);
  expectNoContext(StatusCode::OutOfMemory, "2^62 bytes");
  plan().buffers[1].bytes = plan().number(int64_t(1) << 61);
  expectNoContext(StatusCode::OutOfMemory, "the system gives no");
}

TEST_F(SpoiledStepTest, StateTooLarge) {
  plan().states[0].rowBytes = uint64_t(1) << 31;
  plan().states[2].rowBytes = uint64_t(1) << 31;
  plan().states[2].keep = uint64_t(1) << 31;
  expectNoContext(StatusCode::OutOfMemory, "2^62 bytes");
}

// A value that no step changes is bound when the context is made.
TEST_F(SpoiledStepTest, FixedValueWithoutAValue) {
  plan().launches[mix].args[12] = fb::Arg(
      plan().binary(fb::ExprOp::FloorDiv, plan().symbol("P"), plan().number(0)),
      0, fb::ArgKind::Value);
  expectNoContext(StatusCode::InvalidArgument, "launch 3: the expression");
}

// A stage without blocks is skipped; what nobody wrote is poison if that was
// asked for.
TEST_F(SpoiledStepTest, PoisonShowsWhatNobodyWrote) {
  stage(head, target).grid[0] = plan().number(0);
  plan().buffers[2].first = 0; // shares its place with nothing
  create(true);
  ASSERT_TRUE(context->step(steps.make({{0, {1, 2}}})).ok());
  EXPECT_THAT(logits(), SizeIs(32));
  EXPECT_THAT(logits(), Each(testing::IsNan()));
  create(false);
  ASSERT_TRUE(context->step(steps.make({{1, {1, 2}}})).ok());
  EXPECT_THAT(logits(), Each(0.0f));
}
