// Addresses outside what there is, misaligned, freed or read-only.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;
const CheckCase kCases[] = {
    {"behindTheBuffer",
     "  ld.global.u32 %r6, [%rd4+1020];",
     1,
     32,
     {OutOfBounds},
     "behind the 1024 of in"},
    {"behindSharedMemory",
     "  st.shared.u32 [%r5+1020], %r1;",
     1,
     32,
     {OutOfBounds},
     "s"},
    {"nullPointer",
     "  mov.u64 %rd9, 0;\n  st.global.u32 [%rd9], %r1;",
     1,
     1,
     {OutOfBounds},
     "0x0"},
    {"misaligned",
     "  ld.global.u32 %r6, [%rd4+2];",
     1,
     32,
     {Misaligned},
     "multiple of 4"},
    {"misalignedVector",
     "  ld.global.v4.u32 {%r6,%r7,%r8,%r9}, [%rd1+8];",
     1,
     1,
     {Misaligned},
     "multiple of 16"},
    {"storeToParameters",
     R"(
  mov.u64 %rd9, p;
  cvta.param.u64 %rd9, %rd9;
  st.u32 [%rd9], %r1;)",
     1,
     1,
     {ReadOnlyWrite}},
};

INSTANTIATE_TEST_SUITE_P(Memory, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

TEST(MemoryCheckTest, useAfterFreeNamesTheAllocation) {
  SimKernel sim(std::string(CheckCase::kHead) +
                "  ld.global.u32 %r6, [%rd4];\n  ret;\n}");
  uint64_t gone = sim.upload(std::vector<uint32_t>(32), "gone");
  EXPECT_TRUE(sim.simulator.memory().free(gone).ok());
  auto report = sim.arg(gone).arg(gone).launch("k", 1, 32);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].kind, FindingKind::UseAfterFree);
  EXPECT_EQ(report.findings[0].detail, "a load of 4 bytes at freed gone + 0");
}

TEST(MemoryCheckTest, constantsAreNotWritten) {
  SimKernel sim(".const .u32 c = 7;\n.visible .entry k()\n{\n"
                "  .reg .b64 %rd1;\n  mov.u64 %rd1, c;\n"
                "  st.global.u32 [%rd1], 1;\n  ret;\n}");
  auto report = sim.launch("k", 1, 1);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].kind, FindingKind::ReadOnlyWrite);
}
} // namespace
} // namespace sluice::sim
