// Whole compilations: what files they leave, and what a runtime finds in them.

#include "tools/compiler/Compiler.h"

#include "runtime/base/MappedFile.h"
#include "runtime/plan/PlanReader.h"
#include "test/runtime/base/TestFolder.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using mlir::sluice::CompileOptions;
using mlir::sluice::Stage;
using testing::ElementsAre;
using testing::HasSubstr;

static const std::string data = SLUICE_TEST_DATA;

namespace {
/// A plan file as a runtime opens it.
struct OpenPlan {
  MappedFile file;
  std::optional<Container> container;
  std::optional<PlanView> plan;

  std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    for (const PlanView::Output &output : plan->outputs)
      names.emplace_back(output.name);
    return names;
  }
  bool has(SectionKind kind) const {
    return std::any_of(
        plan->sections.begin(), plan->sections.end(),
        [&](const Section &section) { return section.kind == kind; });
  }
};
} // namespace

static CompileOptions options(const std::string &model,
                              const std::string &output) {
  CompileOptions result;
  result.model = model;
  result.output = output;
  result.targets = {"x86-64-v3"};
  return result;
}

static OpenPlan openPlan(const std::string &path) {
  OpenPlan result;
  Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) {
    ADD_FAILURE() << file.status().message();
    return result;
  }
  result.file = *std::move(file);
  Result<Container> container =
      Container::read({reinterpret_cast<const uint8_t *>(result.file.data()),
                       result.file.size()});
  if (!container.ok()) {
    ADD_FAILURE() << container.status().message();
    return result;
  }
  result.container = *std::move(container);
  Result<PlanView> plan = readPlan(*result.container);
  if (!plan.ok())
    ADD_FAILURE() << plan.status().message();
  else
    result.plan = *std::move(plan);
  return result;
}

TEST(CompileTest, EveryCheckpointBecomesAPlanThatOpens) {
  TestFolder folder;
  for (const char *model :
       {"golden/v4-base", "golden/v4-plain-bf16", "golden/v4-released",
        "golden/v4-runtime", "golden/v4-saved-bf16", "models/tiny-v4"}) {
    std::string path = folder.path("x.plan");
    Status status = compile(options(data + "/" + model, path));
    ASSERT_TRUE(status.ok()) << model << ": " << status.message();
    OpenPlan open = openPlan(path);
    ASSERT_TRUE(open.plan) << model;
    EXPECT_THAT(open.outputs(), ElementsAre("logits")) << model;
    ASSERT_EQ(open.plan->targets.size(), 1U);
    EXPECT_TRUE(open.plan->targets[0].complete) << model;
    EXPECT_TRUE(open.has(SectionKind::Provenance));
    EXPECT_EQ(open.has(SectionKind::Tokenizer),
              std::string(model) == "models/tiny-v4");
  }
}

TEST(CompileTest, ThePlanIsTheSameFromAnotherFolderWithOtherThreads) {
  TestFolder folder;
  std::filesystem::copy(data + "/golden/v4-runtime", folder.path("elsewhere"));
  CompileOptions here =
      options(data + "/golden/v4-runtime", folder.path("a.plan"));
  CompileOptions there =
      options(folder.path("elsewhere"), folder.path("b.plan"));
  here.targets = there.targets = {"x86-64-v3", "x86-64-v4"};
  there.threads = 1;
  there.verifyEach = true;
  ASSERT_TRUE(compile(here).ok());
  ASSERT_TRUE(compile(there).ok());
  EXPECT_EQ(folder.read("a.plan"), folder.read("b.plan"));
  // Only the small file says where the model was.
  EXPECT_THAT(folder.read("b.plan"), testing::Not(HasSubstr("elsewhere")));
  EXPECT_EQ(folder.read("b.plan.model"),
            std::filesystem::canonical(folder.path("elsewhere")).string() +
                "\n");
  OpenPlan open = openPlan(folder.path("a.plan"));
  ASSERT_TRUE(open.plan);
  EXPECT_EQ(open.plan->targets.size(), 2U);
}

TEST(CompileTest, KeptProbesBecomeOutputs) {
  TestFolder folder;
  CompileOptions kept =
      options(data + "/golden/v4-runtime", folder.path("x.plan"));
  kept.keep = "hidden";
  Status status = compile(kept);
  ASSERT_TRUE(status.ok()) << status.message();
  OpenPlan open = openPlan(folder.path("x.plan"));
  ASSERT_TRUE(open.plan);
  EXPECT_THAT(open.outputs(),
              testing::UnorderedElementsAre("logits", "hidden.0", "hidden.1",
                                            "hidden.2", "hidden.3"));
}

TEST(CompileTest, DumpsOneFileAStage) {
  TestFolder folder;
  CompileOptions dumping =
      options(data + "/golden/v4-runtime", folder.path("x.plan"));
  dumping.dumpIr = folder.path("a/b");
  ASSERT_TRUE(compile(dumping).ok());
  for (const char *name : {"1-frontend", "2-flatten", "3-numerics", "4-fuse",
                           "5-outline", "6-schedule", "7-lower", "8-codegen"})
    EXPECT_THAT(folder.read("a/b/" + std::string(name) + ".mlir"),
                HasSubstr("module attributes {plan.model"))
        << name;
}

TEST(CompileTest, AStageIsPrintedInPlaceOfAPlan) {
  TestFolder folder;
  CompileOptions stopping =
      options(data + "/golden/v4-runtime", folder.path("x.mlir"));
  stopping.stopAfter = Stage::Flatten;
  ASSERT_TRUE(compile(stopping).ok());
  EXPECT_THAT(folder.read("x.mlir"), HasSubstr("plan.stack @"));
  EXPECT_EQ(folder.entries(), 1U); // no .model
}

TEST(CompileTest, ThePlanTakesNoFileOfTheModel) {
  TestFolder folder;
  std::filesystem::copy(data + "/golden/v4-runtime", folder.path("m"));
  for (const char *name : {"config.json", "model.safetensors"}) {
    std::string before = folder.read(std::string("m/") + name);
    Status status =
        compile(options(folder.path("m"), folder.path("m/../m/") + name));
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
    EXPECT_THAT(status.message(),
                HasSubstr(std::string("would replace ") + name));
    EXPECT_EQ(folder.read(std::string("m/") + name), before);
  }
}

TEST(CompileTest, WhatCannotBeWrittenLeavesTheOldPlan) {
  TestFolder folder;
  folder.write("x.plan", "old");
  folder.write("keep", "");
  std::filesystem::create_directory(folder.path("x.plan.model"));
  Status status =
      compile(options(data + "/golden/v4-runtime", folder.path("x.plan")));
  EXPECT_EQ(status.code(), StatusCode::OutputNotWritten);
  EXPECT_THAT(status.message(), HasSubstr("x.plan.model"));
  EXPECT_EQ(folder.read("x.plan"), "old");
  EXPECT_EQ(folder.entries(), 3U); // nothing half-written beside it
}
