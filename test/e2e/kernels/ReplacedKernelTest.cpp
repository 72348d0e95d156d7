// The numbers come from the code in the plan: without a kernel's code they are
// others, and without any code there are none.

#include "codegen/plan/Container.h"
#include "runtime/executor/Context.h"
#include "test/e2e/CompiledPlan.h"

#include <gmock/gmock.h>
#include <numeric>

using namespace sluice;
using testing::HasSubstr;

namespace {

constexpr const char *checkpoint = "golden/v4-runtime";
constexpr const char *target = "x86-64-v3";
constexpr const char *indexMakers[] = {"route", "group", "select"};

class ReplacedKernelTest : public testing::Test {
protected:
  void SetUp() override {
    // A kernel is one op then, and its name says which.
    Result<PlanFile> opened =
        PlanFile::open(compiledPlan(checkpoint, /*gpu=*/false, "--fuse=none"));
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    plan = *std::move(opened);
    ASSERT_GT(plan->plan().kernels.size(), 10u);
  }

  using Edit = std::function<void(const Section &, std::vector<uint8_t> &)>;

  /// Writes the plan anew, each section after `edit`, with hashes that fit; a
  /// section that is then empty is left out.
  std::string rewrite(const Edit &edit) {
    ContainerWriter writer;
    for (const Section &section : plan->container().sections()) {
      std::vector<uint8_t> bytes(section.bytes.begin(), section.bytes.end());
      edit(section, bytes);
      if (!bytes.empty())
        writer.add(section.kind, std::move(bytes));
    }
    Result<std::vector<uint8_t>> file = writer.bytes();
    EXPECT_TRUE(file.ok()) << file.status().message();
    return folder.write(
        "edited.plan",
        {reinterpret_cast<const char *>(file->data()), file->size()});
  }

  Result<std::vector<float>> logits(const std::string &path) {
    SLUICE_ASSIGN(
        std::shared_ptr<const Model> model,
        Model::open(path, std::string(SLUICE_TEST_DATA "/") + checkpoint));
    ContextOptions options;
    options.threads = 1;
    options.target = target;
    SLUICE_ASSIGN(std::unique_ptr<Context> context,
                  Context::create(model, options));
    // Two steps, so that what the first one kept matters as well.
    for (int32_t first : {0, 40}) {
      std::vector<int32_t> ids(40), pos(40), slot(40), all(40), rows = {0, 40};
      std::iota(ids.begin(), ids.end(), 20 + first / 2);
      std::iota(pos.begin(), pos.end(), first);
      std::iota(all.begin(), all.end(), 0);
      SLUICE_TRY(context->step({ids, pos, slot, rows, all}));
    }
    SLUICE_ASSIGN(std::span<const float> found, context->logits());
    return std::vector<float>(found.begin(), found.end());
  }

  std::optional<PlanFile> plan;
  TestFolder folder;
};

} // namespace

TEST_F(ReplacedKernelTest, NumbersComeFromTheCodeInThePlan) {
  auto same = [](const Section &, const std::vector<uint8_t> &) {};
  Result<std::vector<float>> expected = logits(rewrite(same));
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  const PlanView &view = plan->plan();
  int replaced = 0;
  for (const PlanView::Kernel &kernel : view.kernels) {
    // What others index memory with must be there.
    if (std::any_of(
            std::begin(indexMakers), std::end(indexMakers),
            [&](const char *name) { return kernel.name.starts_with(name); }))
      continue;
    ++replaced;
    std::string path =
        rewrite([&](const Section &section, std::vector<uint8_t> &bytes) {
          for (const PlanView::Variant &variant : kernel.variants)
            for (const PlanView::Stage &stage : variant.stages) {
              uint32_t image = view.targets[variant.target].section;
              constexpr uint8_t ret = 0xc3;
              if (section.offset == view.sections[image].offset)
                bytes[view.code[stage.code].offset] = ret;
            }
        });
    Result<std::vector<float>> found = logits(path);
    ASSERT_TRUE(found.ok()) << kernel.name << ": " << found.status().message();
    EXPECT_FALSE(*found == *expected)
        << "nothing changes without " << kernel.name;
  }
  EXPECT_GT(replaced, 30);
}

TEST_F(ReplacedKernelTest, APlanWithoutItsCodeIsRefused) {
  std::string path =
      rewrite([](const Section &section, std::vector<uint8_t> &bytes) {
        if (section.kind == SectionKind::CpuImage)
          bytes.clear();
      });
  Status status = logits(path).status();
  EXPECT_EQ(status.code(), StatusCode::BadInput);
  EXPECT_THAT(status.message(), HasSubstr("CpuImage"));
}
