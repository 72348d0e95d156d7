#include "test/codegen/plan/WriterFixture.h"

#include "passes/pipelines/Pipelines.h"
#include "gmock/gmock.h"

#include <algorithm>

using mlir::DictionaryAttr;
using mlir::failed;
using mlir::ModuleOp;
using mlir::NamedAttrList;
using mlir::OwningOpRef;
using mlir::PassManager;
using mlir::succeeded;
using sluice::PlanView;
using sluice::SymbolValues;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fb = sluice::fb;

namespace {

/// The model of test/passes/schedule, scheduled.
class WholeModelTest : public WriterTest {
protected:
  void SetUp() override {
    module = mlir::parseSourceFile<ModuleOp>(
        SLUICE_TEST_DATA "/passes/schedule/three-layers.mlir", &context);
    ASSERT_TRUE(module) << errors;
    PassManager manager(&context);
    mlir::sluice::buildPipeline(manager, {.keep = "hidden",
                                          .targets = {},
                                          .fusions = {},
                                          .stopAfter = "schedule"});
    ASSERT_TRUE(succeeded(manager.run(*module))) << errors;
  }

  PlanView written(const mlir::sluice::PlanParts &parts) {
    auto bytes = mlir::sluice::writePlan(*module, parts);
    EXPECT_TRUE(succeeded(bytes)) << errors;
    sluice::Result<PlanView> plan = read(*bytes);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    return *std::move(plan);
  }

  OwningOpRef<ModuleOp> module;
};

TEST_F(WholeModelTest, TheRuntimeReadsWhatWasWritten) {
  PlanView plan = written(addFakeVariants(*module, {"x86-64-v3", "x86-64-v4"}));
  EXPECT_EQ(plan.model.architecture, "deepseek_v4");
  EXPECT_EQ(plan.model.vocabulary, 97u);
  EXPECT_EQ(plan.model.maxContext, 256u);
  EXPECT_EQ(plan.model.pageMultiple, 8u);
  EXPECT_EQ(plan.model.bos, 0);
  EXPECT_EQ(plan.model.eos, 1);
  ASSERT_EQ(plan.model.config.size(), 2u);
  EXPECT_EQ(plan.model.config[0].key, "hc_mult");
  EXPECT_EQ(plan.model.config[0].value, "4");
  EXPECT_EQ(plan.mode, "exact");

  ASSERT_EQ(plan.targets.size(), 2u);
  EXPECT_TRUE(plan.targets[0].complete);
  EXPECT_TRUE(plan.targets[1].complete);
  EXPECT_THAT(plan.targets[0].features,
              ElementsAre("sse4.2", "avx", "avx2", "fma", "bmi", "bmi2", "f16c",
                          "lzcnt", "movbe", "popcnt"));
  EXPECT_EQ(plan.targets[1].features.size(), 15u);
  EXPECT_NE(plan.targets[0].section, plan.targets[1].section);
}

TEST_F(WholeModelTest, KernelsOfLayersOfAKindAreOne) {
  PlanView plan = written(addFakeVariants(*module, {"x86-64-v3"}));
  size_t launches = 0, lowered = 0;
  module->walk([&](mlir::sluice::plan::LaunchOp) { ++launches; });
  module->walk([&](mlir::sluice::plan::KernelOp) { ++lowered; });
  EXPECT_EQ(plan.launches.size(), launches);
  EXPECT_EQ(plan.kernels.size(), lowered);
  EXPECT_EQ(plan.code.size(), lowered);
  EXPECT_LT(2 * plan.kernels.size(), plan.launches.size());
}

TEST_F(WholeModelTest, BuffersLiveFromTheirLaunchToTheLastUse) {
  PlanView plan = written(addFakeVariants(*module, {"x86-64-v3"}));
  uint32_t last = plan.launches.size() - 1;
  std::vector<uint32_t> first(plan.buffers.size(), last + 1);
  std::vector<uint32_t> final(plan.buffers.size(), 0);
  for (uint32_t i = 0; i < plan.launches.size(); ++i)
    for (const fb::Arg &arg : plan.launches[i].args)
      if (arg.kind() == fb::ArgKind::Buffer) {
        first[arg.index()] = std::min(first[arg.index()], i);
        final[arg.index()] = i;
      }
  for (const PlanView::Output &output : plan.outputs)
    final[output.buffer] = last;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    EXPECT_EQ(plan.buffers[i].first, first[i]) << "buffer " << i;
    EXPECT_EQ(plan.buffers[i].last, final[i]) << "buffer " << i;
  }
}

TEST_F(WholeModelTest, OutputsAreTheKeptProbesAndTheLogits) {
  PlanView plan = written(addFakeVariants(*module, {"x86-64-v3"}));
  SymbolValues symbols;
  symbols[sluice::Symbol::T] = 5;
  symbols[sluice::Symbol::L] = 2;
  std::vector<std::string> shown;
  for (const PlanView::Output &output : plan.outputs) {
    std::string text(output.name);
    for (uint32_t dim : output.shape)
      text += " " + std::to_string(plan.exprs.evaluate(dim, symbols));
    text += " of " + std::to_string(plan.exprs.evaluate(
                         plan.buffers[output.buffer].bytes, symbols));
    shown.push_back(text);
  }
  EXPECT_THAT(shown,
              ElementsAre("hidden.0 5 4 64 of 5120", "hidden.1 5 4 64 of 5120",
                          "hidden.2 5 4 64 of 5120", "logits 2 97 of 776"));
}

TEST_F(WholeModelTest, StatesAndInputsAreThoseOfTheModel) {
  PlanView plan = written(addFakeVariants(*module, {"x86-64-v3"}));
  std::vector<std::string> states;
  for (const PlanView::State &state : plan.states)
    states.push_back(
        std::string(state.name) + " " + std::to_string(state.layers.size()) +
        " " + std::to_string(state.rowBytes) + " " +
        std::to_string(state.keep) + " " + std::to_string(state.every));
  EXPECT_THAT(states, testing::UnorderedElementsAre(
                          "model.layers.{}.win 3 128 8 1",
                          "model.layers.{}.tail 1 512 8 1",
                          "model.layers.{}.entries 1 128 0 4",
                          "model.layers.{}.index_tail 1 256 8 1",
                          "model.layers.{}.index 1 64 0 4",
                          "model.layers.{}.tail 1 256 8 1",
                          "model.layers.{}.entries 1 128 0 8"));
  std::vector<std::string> inputs;
  SymbolValues symbols;
  symbols[sluice::Symbol::T] = 5;
  symbols[sluice::Symbol::S] = 3;
  symbols[sluice::Symbol::L] = 2;
  symbols[sluice::Symbol::Slots] = 4;
  symbols[sluice::Symbol::MaxN] = 33;
  symbols[sluice::Symbol::P] = 16;
  for (const PlanView::Input &input : plan.inputs)
    inputs.push_back(std::string(sluice::inputName(input.kind)) + " " +
                     std::to_string(plan.exprs.evaluate(input.count, symbols)));
  EXPECT_THAT(inputs, ElementsAre("ids 5", "pos 5", "slot 5", "rows 4",
                                  "logit_rows 2", "first 5", "pages 12"));
}

TEST_F(WholeModelTest, EqualInputGivesEqualBytes) {
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  parts.tokenizer = {1, 2, 3};
  parts.provenance = "{}";
  auto once = mlir::sluice::writePlan(*module, parts);
  auto twice = mlir::sluice::writePlan(*module, parts);
  ASSERT_TRUE(succeeded(once) && succeeded(twice)) << errors;
  EXPECT_EQ(*once, *twice);
  sluice::Result<PlanView> plan = read(*once);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->sections.size(), 4u);
}

TEST_F(WholeModelTest, EqualImagesAreStoredOnce) {
  auto parts = addFakeVariants(*module, {"x86-64-v3", "x86-64-v4"});
  parts.targets[1].image.bytes = parts.targets[0].image.bytes;
  PlanView plan = written(parts);
  EXPECT_EQ(plan.sections.size(), 2u);
  EXPECT_EQ(plan.targets[0].section, plan.targets[1].section);
}

TEST_F(WholeModelTest, AKernelWithoutAVariantIsRefused) {
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  parts.targets.push_back({"x86-64-v4", parts.targets[0].image});
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors, HasSubstr("expected a plan.variant for the target "
                                "\"x86-64-v4\", found none"));
}

TEST_F(WholeModelTest, CodeThatTheImageLacksIsRefused) {
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  parts.targets[0].image.entries.erase("expand_4x64_s0");
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors, HasSubstr("expected @expand_4x64_s0 in the image of "
                                "\"x86-64-v3\", found no such entry"));
}

TEST_F(WholeModelTest, AnUnknownTargetIsRefused) {
  auto parts = addFakeVariants(*module, {"sm_80"});
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors, HasSubstr("expected a CPU target x86-64-v3 or x86-64-v4, "
                                "got \"sm_80\""));
}

TEST_F(WholeModelTest, AModuleWithoutAModelIsRefused) {
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  (*module)->removeAttr("plan.model");
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors, HasSubstr("the dictionary plan.model"));
}

TEST_F(WholeModelTest, AModelWithoutAKeyIsRefused) {
  auto parts = addFakeVariants(*module, {"x86-64-v3"});
  NamedAttrList model(
      (*module)->getAttrOfType<DictionaryAttr>("plan.model").getValue());
  model.erase("max_context");
  (*module)->setAttr("plan.model", model.getDictionary(&context));
  EXPECT_TRUE(failed(mlir::sluice::writePlan(*module, parts)));
  EXPECT_THAT(errors,
              HasSubstr("plan.model to have an integer \"max_context\""));
}

} // namespace
