// Which of a plan's targets runs on a device.

#include "runtime/device/TargetChoice.h"

#include "runtime/device/cpu/CpuDevice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::AllOf;
using testing::HasSubstr;

namespace {

/// A processor with AVX2, and with AVX-512F if asked for.
std::unique_ptr<Device> host(bool avx512) {
  CpuRegisters registers;
  registers.leaf7Ebx = 1u << 5 | (avx512 ? 1u << 16 : 0);
  registers.xcr0 = 0xe7;
  return *createCpuDevice(1, registers);
}

struct TargetChoiceTest : testing::Test {
  TargetChoiceTest() {
    plan.targets = {
        {"v3", fb::TargetKind::Cpu, {"avx2"}, 1, 0, true},
        {"v4", fb::TargetKind::Cpu, {"avx2", "avx512f"}, 2, 0, true},
        {"sm_80", fb::TargetKind::Cuda, {}, 3, 0, true}};
  }

  /// Its name, or the code and the sentence.
  std::string choose(const Device &device, std::string_view forced = {}) {
    Result<uint32_t> index = chooseTarget(device, plan, forced);
    if (index.ok())
      return std::string(plan.targets[*index].name);
    return std::to_string(exitCode(index.status().code())) + " " +
           index.status().message();
  }

  PlanView plan;
};

} // namespace

TEST_F(TargetChoiceTest, TheLastThatFits) {
  EXPECT_EQ(choose(*host(false)), "v3");
  EXPECT_EQ(choose(*host(true)), "v4");
  std::swap(plan.targets[0], plan.targets[1]);
  EXPECT_EQ(choose(*host(true)), "v3") << "the plan's order is what counts";
}

TEST_F(TargetChoiceTest, ByName) {
  EXPECT_EQ(choose(*host(true), "v3"), "v3");
  EXPECT_EQ(choose(*host(true), "v4"), "v4");
  EXPECT_THAT(choose(*host(false), "v4"),
              AllOf(testing::StartsWith("4 "), HasSubstr("avx512f")));
  EXPECT_THAT(choose(*host(true), "sm_80"),
              AllOf(testing::StartsWith("4 "), HasSubstr("not for a CPU")));
  EXPECT_THAT(choose(*host(true), "v5"),
              AllOf(testing::StartsWith("2 "), HasSubstr("no target \"v5\""),
                    HasSubstr("it has \"v3\", \"v4\", \"sm_80\"")));
}

TEST_F(TargetChoiceTest, NoneFits) {
  std::unique_ptr<Device> old = *createCpuDevice(1, CpuRegisters());
  EXPECT_THAT(choose(*old),
              AllOf(testing::StartsWith("4 "), HasSubstr("device cpu"),
                    HasSubstr("\"v3\" needs avx2"), HasSubstr("\"v4\" needs"),
                    HasSubstr("compile for this host")));
}

TEST_F(TargetChoiceTest, TargetsWithoutAllKernelsAreLeftAlone) {
  plan.targets[1].complete = false;
  EXPECT_EQ(choose(*host(true)), "v3");
  EXPECT_THAT(
      choose(*host(true), "v4"),
      AllOf(testing::StartsWith("4 "), HasSubstr("some kernels have no code")));
}

// Names come out of a file: they cannot forge a line of a terminal.
TEST_F(TargetChoiceTest, NamesAreQuoted) {
  plan.targets[0].name = "a\x1b[2Jb";
  EXPECT_THAT(choose(*host(false), "x"), HasSubstr("a\\x1b[2Jb"));
}
