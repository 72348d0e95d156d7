// A plan with cubins: the driver is given the one for this GPU, and the PTX if
// it does not take that.

#include "runtime/device/cuda/CudaDevice.h"
#include "test/runtime/device/cuda/FakeCuda.h"
#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

struct CubinTest : testing::Test {
  CubinTest() {
    (void)listCudaDevices(); // opens the driver
    control.reset();
    tiny.addGpu();
    tiny.plan.targets.back().cubin =
        static_cast<uint32_t>(tiny.plan.sections.size() + 1);
    tiny.plan.sections.push_back(
        {SectionKind::Cubin, {0x7f, 'E', 'L', 'F', 2, 1, 1}});
  }

  Status load() {
    tiny.write();
    Result<std::shared_ptr<const Model>> model = tiny.open();
    return model.ok() ? Context::create(*model, {.device = "cuda"}).status()
                      : model.status();
  }

  uint64_t loads() const { return control.count("cuModuleLoadDataEx"); }

  const fake::Control &control = fake::control();
  TinyModel tiny;
};

} // namespace

// The fake GPU is an sm_120, whose driver of ours takes PTX alone.
TEST_F(CubinTest, PtxRunsWhereTheDriverRefusesTheCubin) {
  tiny.plan.targets.back().name = "sm_120";
  Status status = load();
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(loads(), 2u);
}

TEST_F(CubinTest, AnotherFailureIsOne) {
  tiny.plan.targets.back().name = "sm_120";
  control.fault("cuModuleLoadDataEx", 1, 719);
  EXPECT_THAT(load().message(),
              HasSubstr("the cubin for sm_120: cuModuleLoadDataEx failed"));
  EXPECT_EQ(loads(), 1u);
}

TEST_F(CubinTest, ACubinOfAnotherGenerationIsLeftAlone) {
  EXPECT_TRUE(load().ok()); // sm_80
  EXPECT_EQ(loads(), 1u);
}

TEST_F(CubinTest, ACubinIsACubinSectionOfAGpu) {
  tiny.plan.targets.back().cubin = 2; // the PTX
  EXPECT_THAT(load().message(), HasSubstr("then a Cubin section, found Ptx"));
  tiny.plan.targets.back().cubin = 9;
  EXPECT_THAT(load().message(), HasSubstr("cubin"));
  tiny.plan.targets.back().cubin = 0;
  tiny.plan.targets.front().cubin = 3;
  EXPECT_THAT(load().message(), HasSubstr("expected no cubin but for a GPU"));
}
