#include "test/codegen/plan/WriterFixture.h"

#include "gmock/gmock.h"

// Weights of every storage, and launches that a hand wrote.

using mlir::failed;
using mlir::ModuleOp;
using mlir::OwningOpRef;
using mlir::succeeded;
using sluice::PlanView;
using sluice::SymbolValues;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fb = sluice::fb;

namespace {

constexpr const char *header = R"(
module attributes {plan.model = {architecture = "x", vocabulary = 8 : i64,
    max_context = 64 : i64, page_multiple = 4 : i64, bos = -1 : i64,
    eos = -1 : i64, config = {}, identity = "00000000000000000000000000000000"}} {
)";

/// A module of `stacks`, each taken by one launch, that makes logits.
std::string moduleOf(const std::string &declarations, const std::string &kernel,
                     const std::string &body) {
  return header + declarations + kernel + R"(
  func.func @step(%ids: tensor<?xi32> {plan.input = "ids", plan.rows = #plan.expr<T>},
                  %pos: tensor<?xi32> {plan.input = "pos", plan.rows = #plan.expr<T>},
                  %slot: tensor<?xi32> {plan.input = "slot", plan.rows = #plan.expr<T>},
                  %rows: tensor<?xi32> {plan.input = "rows", plan.rows = #plan.expr<S + 1>})
      attributes {plan.entry} {
)" + body +
         R"(
    return
  }
})";
}

class StackTest : public WriterTest {
protected:
  /// The plan of a module whose one kernel takes the weight `type` of `stack`.
  PlanView planOf(const std::string &stack, const std::string &type) {
    OwningOpRef<ModuleOp> module =
        parse(moduleOf(stack, kernelOf(type), launchOf(type)));
    auto parts = addFakeVariants(*module, {"x86-64-v3"});
    auto bytes = mlir::sluice::writePlan(*module, parts);
    EXPECT_TRUE(succeeded(bytes)) << errors;
    if (failed(bytes))
      return {};
    sluice::Result<PlanView> plan = read(*bytes);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    return plan.ok() ? *std::move(plan) : PlanView();
  }

  void refuse(const std::string &stack, const std::string &type) {
    OwningOpRef<ModuleOp> module =
        parse(moduleOf(stack, kernelOf(type), launchOf(type)));
    auto parts = addFakeVariants(*module, {"x86-64-v3"});
    EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  }

  /// The writer asks a kernel only for its signature, so any root will do.
  static std::string kernelOf(const std::string &type) {
    return "  plan.kernel @k(%w: " + type +
           ", %b: !plan.batch, %y: tensor<?x8xf32>) rows #plan.expr<L> {\n"
           "    %z = arith.addf %y, %y : tensor<?x8xf32>\n"
           "    plan.yield %z : tensor<?x8xf32>\n  }\n";
  }
  static std::string launchOf(const std::string &type) {
    return "    %b = plan.batch %pos, %slot, %rows : tensor<?xi32>, "
           "tensor<?xi32>, tensor<?xi32>\n"
           "    %w = plan.weight @w[1] : " +
           type +
           "\n    %0 = plan.launch @seed(%ids) rows [#plan.expr<L>]"
           " : (tensor<?xi32>) -> tensor<?x8xf32>\n"
           "    %1 = plan.launch @k(%w, %b, %0) rows [#plan.expr<L>] : (" +
           type +
           ", !plan.batch, tensor<?x8xf32>) -> tensor<?x8xf32>\n"
           "    plan.output \"logits\" %1 rows <L> : tensor<?x8xf32>\n";
  }
};

constexpr const char *seed = R"(
  plan.kernel @seed(%i: tensor<?xi32>) rows #plan.expr<L> {
    %y = builtin.unrealized_conversion_cast %i : tensor<?xi32> to tensor<?x8xf32>
    plan.yield %y : tensor<?x8xf32>
  }
)";

std::string show(const PlanView::Stack &stack) {
  std::string text(stack.name);
  text += " " + std::string(sluice::dtypeName(stack.dtype)) + " [";
  for (uint64_t dim : stack.shape)
    text += std::to_string(dim) + " ";
  text.back() = ']';
  return text + " table " + std::to_string(stack.table) + " offset " +
         std::to_string(stack.offset) + " stride " +
         std::to_string(stack.stride);
}

std::vector<std::string> showAll(const PlanView &plan) {
  std::vector<std::string> all;
  for (const PlanView::Stack &stack : plan.stacks)
    all.push_back(show(stack));
  return all;
}

TEST_F(StackTest, APlainTensorIsOneStackAndOneWord) {
  PlanView plan =
      planOf(std::string(seed) +
                 "plan.stack @w \"l.{}.w\" layers [0, 3] : tensor<4x8xbf16>\n"
                 "plan.stack @unused \"u\" layers [] : tensor<4xf32>\n"
                 "plan.state @s \"s\" layers [] : !plan.log<8xf32>\n",
             "tensor<4x8xbf16>");
  EXPECT_THAT(showAll(plan),
              ElementsAre("l.{}.w BF16 [4 8] table 0 offset 0 stride 0"));
  EXPECT_THAT(plan.stacks[0].layers, ElementsAre(0u, 3u));
  EXPECT_TRUE(plan.states.empty());
  const PlanView::Launch &launch = plan.launches[1];
  std::vector<std::string> args;
  for (const fb::Arg &arg : launch.args)
    args.push_back(std::string(fb::EnumNameArgKind(arg.kind())) + " " +
                   std::to_string(arg.index()) + " " +
                   std::to_string(arg.layer()));
  // The weight's second layer, pos slot first, the operand, the result.
  EXPECT_THAT(args, ElementsAre("Parameter 0 1", "Input 1 0", "Input 2 0",
                                "Input 4 0", "Buffer 0 0", "Buffer 1 0"));
  EXPECT_EQ(plan.kernels[launch.kernel].words, 6u);
}

TEST_F(StackTest, AScaledTensorIsItsElementsThenItsScales) {
  PlanView plan =
      planOf(std::string(seed) +
                 "plan.stack @w \"l.{}.w\" scale \"l.{}.s\" layers [0, 3]"
                 " : !scaled.tensor<130x256xf8E4M3FN, 128x128xf8E8M0FNU>\n",
             "!scaled.tensor<130x256xf8E4M3FN, 128x128xf8E8M0FNU>");
  EXPECT_THAT(showAll(plan),
              ElementsAre("l.{}.w F8E4M3 [130 256] table 0 offset 0 stride 0",
                          "l.{}.s F8E8M0 [2 2] table 0 offset 0 stride 0"));
  EXPECT_EQ(plan.kernels[plan.launches[1].kernel].words, 7u);
  EXPECT_EQ(plan.launches[1].args[1].index(), 1u);
  EXPECT_EQ(plan.launches[1].args[1].layer(), 1u);
}

TEST_F(StackTest, ExpertsInTensorsOfTheirOwnAreATableOfTensors) {
  PlanView plan = planOf(
      std::string(seed) +
          "plan.stack @w \"l.{}.e.{e}.w\" scale \"l.{}.e.{e}.s\" layers [0, 3]"
          " : !scaled.tensor<6x32x64xf4E2M1FN, 1x32xf8E8M0FNU>\n",
      "!scaled.tensor<6x32x64xf4E2M1FN, 1x32xf8E8M0FNU>");
  EXPECT_THAT(
      showAll(plan),
      ElementsAre("l.{}.e.{e}.w F4E2M1x2 [32 32] table 6 offset 0 stride 0",
                  "l.{}.e.{e}.s F8E8M0 [32 2] table 6 offset 0 stride 0"));
}

TEST_F(StackTest, RowsOfOneTensorAreATableOfSlices) {
  PlanView plan =
      planOf(std::string(seed) + "plan.stack @w \"l.{}.g\" layers [0, 3]"
                                 " rows 32 to 64 of 64 : tensor<6x32x16xf32>\n",
             "tensor<6x32x16xf32>");
  // Expert e begins at row 32 of its 64: 32 * 16 * 4 bytes, 64 * 16 * 4 apart.
  EXPECT_THAT(showAll(plan),
              ElementsAre("l.{}.g F32 [6 64 16] table 6 offset 2048 stride "
                          "4096"));
}

TEST_F(StackTest, RowsOfScaledTensorsCutTheScalesToo) {
  PlanView plan =
      planOf(std::string(seed) +
                 "plan.stack @w \"l.{}.g\" scale \"l.{}.s\" layers [0, 3]"
                 " rows 32 to 64 of 64"
                 " : !scaled.tensor<6x32x64xf8E4M3FN, 16x32xf32>\n",
             "!scaled.tensor<6x32x64xf8E4M3FN, 16x32xf32>");
  EXPECT_THAT(
      showAll(plan),
      ElementsAre("l.{}.g F8E4M3 [6 64 64] table 6 offset 2048 stride 4096",
                  "l.{}.s F32 [6 4 2] table 6 offset 16 stride 32"));
}

TEST_F(StackTest, RowsThatCutABlockOfScalesAreRefused) {
  refuse(std::string(seed) +
             "plan.stack @w \"l.{}.g\" scale \"l.{}.s\" layers [0, 3]"
             " rows 8 to 40 of 64"
             " : !scaled.tensor<6x32x64xf8E4M3FN, 16x32xf32>\n",
         "!scaled.tensor<6x32x64xf8E4M3FN, 16x32xf32>");
  EXPECT_THAT(errors, HasSubstr("expected rows on the borders of blocks of 16, "
                                "got rows 8 to 40 of 64"));
}

TEST_F(StackTest, AnOutputThatNoLaunchMakesIsRefused) {
  OwningOpRef<ModuleOp> module = parse(
      moduleOf(seed, "",
               "    %0 = plan.launch @seed(%ids) rows [#plan.expr<L>]"
               " : (tensor<?xi32>) -> tensor<?x8xf32>\n"
               "    plan.output \"logits\" %0 rows <L> : tensor<?x8xf32>\n"
               "    plan.output \"ids\" %ids rows <T> : tensor<?xi32>\n"));
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors, HasSubstr("expected a value that a launch makes"));
}

TEST_F(StackTest, GuardsValuesAndBuffersOfVariantsAreWritten) {
  OwningOpRef<ModuleOp> module = parse(moduleOf(seed, R"(
  plan.kernel @k(%a: tensor<?x8xf32>, %r: !plan.log<8xf32 keep 4>) rows #plan.expr<L> attributes {sums = "lanes16", values = [#plan.expr<T>, #plan.expr<L * 3>]} {
    %y = arith.addf %a, %a : tensor<?x8xf32>
    plan.yield %y : tensor<?x8xf32>
  }
  plan.state @r "ring" layers [] : !plan.log<8xf32 keep 4>
  plan.variant @seed on "x86-64-v3" buffers [] {
    plan.stage @s0 grid [#plan.expr<1>, #plan.expr<1>, #plan.expr<1>] scratch #plan.expr<0>
  }
  plan.variant @k on "x86-64-v3" guard #plan.expr<T> from 0 to 8 buffers [#plan.expr<T * 40>] {
    plan.stage @s1 grid [#plan.expr<T ceildiv 16>, #plan.expr<2>, #plan.expr<1>] scratch #plan.expr<64>
    plan.stage @s0 grid [#plan.expr<L>, #plan.expr<1>, #plan.expr<1>] scratch #plan.expr<0>
  }
  plan.variant @k on "x86-64-v3" buffers [] {
    plan.stage @s1 grid [#plan.expr<1>, #plan.expr<1>, #plan.expr<1>] scratch #plan.expr<0>
  })",
                                                R"(
    %r = plan.handle @r[0] : !plan.log<8xf32 keep 4>
    %0 = plan.launch @seed(%ids) rows [#plan.expr<L>] : (tensor<?xi32>) -> tensor<?x8xf32>
    %1 = plan.launch @k(%0, %r) rows [#plan.expr<L>] : (tensor<?x8xf32>, !plan.log<8xf32 keep 4>) -> tensor<?x8xf32>
    plan.output "logits" %1 rows <L> : tensor<?x8xf32>)"));
  mlir::sluice::PlanParts parts;
  mlir::sluice::CpuImage image;
  image.bytes = std::string(64, '\0');
  image.entries["s0"] = 0;
  image.entries["s1"] = 32;
  parts.targets.push_back({"x86-64-v3", image});
  auto bytes = mlir::sluice::writePlan(*module, parts);
  ASSERT_TRUE(succeeded(bytes)) << errors;
  sluice::Result<PlanView> read = this->read(*bytes);
  ASSERT_TRUE(read.ok()) << read.status().message();
  const PlanView &plan = *read;

  ASSERT_EQ(plan.kernels.size(), 2u);
  const PlanView::Kernel &kernel = plan.kernels[1];
  EXPECT_EQ(kernel.sums, "lanes16");
  EXPECT_EQ(kernel.words, 1u + 2u + 1u + 2u);
  ASSERT_EQ(kernel.variants.size(), 2u);
  const PlanView::Variant &decode = kernel.variants[0];
  ASSERT_EQ(decode.guard.size(), 1u);
  EXPECT_EQ(plan.exprs.print(decode.guard[0].expr), "T");
  EXPECT_EQ(decode.guard[0].atLeast, 0);
  EXPECT_EQ(decode.guard[0].atMost, 8);
  EXPECT_TRUE(kernel.variants[1].guard.empty());
  ASSERT_EQ(decode.stages.size(), 2u);
  SymbolValues symbols;
  symbols[sluice::Symbol::T] = 33;
  symbols[sluice::Symbol::L] = 2;
  ASSERT_EQ(decode.buffers.size(), 1u);
  EXPECT_EQ(plan.exprs.evaluate(decode.buffers[0], symbols), 1320);
  EXPECT_EQ(plan.exprs.evaluate(decode.stages[0].grid[0], symbols), 3);
  EXPECT_EQ(plan.exprs.evaluate(decode.stages[0].grid[1], symbols), 2);
  EXPECT_EQ(plan.exprs.evaluate(decode.stages[0].scratch, symbols), 64);
  // Two stages of one function share its code.
  EXPECT_EQ(plan.code.size(), 2u);
  EXPECT_EQ(decode.stages[0].code, kernel.variants[1].stages[0].code);
  EXPECT_EQ(plan.code[decode.stages[0].code].offset, 32u);

  std::vector<int64_t> values;
  for (const fb::Arg &arg : plan.launches[1].args)
    if (arg.kind() == fb::ArgKind::Value)
      values.push_back(plan.exprs.evaluate(arg.index(), symbols));
  EXPECT_THAT(values, ElementsAre(33, 6));
}

} // namespace
