#include "test/runtime/device/sim/SimKernel.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

// Requests, bytes and 32-byte sectors of one instruction on global memory, held
// against what can be counted by hand. Allocations begin at a multiple of 256
// bytes.

constexpr auto kGlobal = static_cast<size_t>(Space::Global);

/// A kernel whose lanes go to p + offset + thread * stride, if guard says so;
/// thread counts through the whole grid.
std::string kernelOf(const std::string &instruction, uint32_t stride,
                     uint32_t offset, const std::string &guard) {
  return fmt::format(R"(
.visible .entry k(.param .u64 p)
{{
  .reg .pred %p<2>;
  .reg .b16 %h<2>;
  .reg .b32 %r<9>;
  .reg .b64 %rd<5>;
  .reg .f32 %f<5>;
  .shared .align 16 .b8 s[4096];
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mad.lo.u32 %r4, %r2, %r3, %r1;
  mul.wide.u32 %rd2, %r4, {};
  add.u64 %rd3, %rd1, %rd2;
  mov.u32 %r5, s;
  mad.lo.u32 %r5, %r1, 16, %r5;
  mov.u64 %rd4, 1;
  {};
  @%p1 {} [%rd3+{}]{};
  ret;
}})",
                     stride, guard,
                     instruction.substr(0, instruction.find("[]")), offset,
                     instruction.substr(instruction.find("[]") + 2));
}

struct GlobalCase {
  const char *name;
  const char *instruction; // [] is the address
  uint32_t stride, offset; // bytes
  uint64_t requests, sectors, bytes;
  uint32_t blocks = 1, threads = 32;
  const char *guard = "setp.lt.u32 %p1, %r1, 1024";
};

class GlobalCountersTest : public testing::TestWithParam<GlobalCase> {};

TEST_P(GlobalCountersTest, countsRequestsSectorsAndBytes) {
  const GlobalCase &c = GetParam();
  std::string instruction = c.instruction;
  for (uint32_t threads : {1U, 3U}) {
    SimKernel sim(kernelOf(instruction, c.stride, c.offset, c.guard));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    uint64_t memory = sim.upload(std::vector<uint8_t>(
        size_t{c.blocks} * c.threads * c.stride + c.offset + 64));
    sim.options.counters = true;
    sim.options.threads = threads;
    LaunchReport report = sim.arg(memory).launch("k", c.blocks, c.threads);
    ASSERT_EQ(findingsOf(report), "");
    bool store =
        !instruction.starts_with("ld") && !instruction.starts_with("cp.async");
    const LineCounters &counted = report.counters.byAccess[store][kGlobal];
    EXPECT_EQ(counted.requests, c.requests);
    EXPECT_EQ(counted.sectors, c.sectors);
    EXPECT_EQ(counted.bytes, c.bytes);
    EXPECT_EQ(report.counters.byAccess[!store][kGlobal].requests, 0U);
    // The line says what the sum says.
    const CountedLine &line = *std::find_if(
        report.counters.lines.begin(), report.counters.lines.end(),
        [](const CountedLine &l) { return l.text.starts_with("@%p1"); });
    EXPECT_EQ(line.counters.sectors, c.sectors);
    EXPECT_EQ(line.counters.executions,
              uint64_t{c.blocks} * ((c.threads + 31) / 32));
    EXPECT_EQ(line.space, Space::Global);
  }
}

constexpr const char *kLoad32 = "ld.global.b32 %r6, []";
constexpr const char *kHalf = "setp.lt.u32 %p1, %r1, 16";
constexpr const char *kEven = "and.b32 %r8, %r1, 1; setp.eq.u32 %p1, %r8, 0";
// Instead of by thread: to and fro between two sectors, and backwards.
constexpr const char *kToAndFro =
    "and.b32 %r8, %r1, 1; mul.wide.u32 %rd2, %r8, 32; "
    "add.u64 %rd3, %rd1, %rd2; setp.lt.u32 %p1, %r1, 1024";
constexpr const char *kBackwards =
    "sub.u32 %r8, 31, %r1; mul.wide.u32 %rd2, %r8, 4; "
    "add.u64 %rd3, %rd1, %rd2; setp.lt.u32 %p1, %r1, 1024";
constexpr const char *kNobody = "setp.gt.u32 %p1, %r1, 1024";

const GlobalCase kCases[] = {
    // 32 lanes of 4 bytes side by side are 128 bytes.
    {"stride1", kLoad32, 4, 0, 1, 4, 128},
    {"stride2", kLoad32, 8, 0, 1, 8, 128},
    {"stride3", kLoad32, 12, 0, 1, 12, 128},
    {"stride4", kLoad32, 16, 0, 1, 16, 128},
    {"stride8", kLoad32, 32, 0, 1, 32, 128},
    {"stride32", kLoad32, 128, 0, 1, 32, 128},
    {"broadcast", kLoad32, 0, 0, 1, 1, 128},
    {"misalignedByOneWord", kLoad32, 4, 4, 1, 5, 128},
    {"misalignedBySevenWords", kLoad32, 4, 28, 1, 5, 128},
    {"movedByOneSector", kLoad32, 4, 32, 1, 4, 128},
    {"stride2Misaligned", kLoad32, 8, 4, 1, 8, 128},
    {"bytes", "ld.global.u8 %r6, []", 1, 0, 1, 1, 32},
    {"bytesMisaligned", "ld.global.u8 %r6, []", 1, 31, 1, 2, 32},
    {"halves", "ld.global.b16 %h1, []", 2, 0, 1, 2, 64},
    {"doubles", "ld.global.b64 %rd4, []", 8, 0, 1, 8, 256},
    {"doublesStride32", "ld.global.b64 %rd4, []", 256, 0, 1, 32, 256},
    {"pairs", "ld.global.v2.f32 {%f1,%f2}, []", 8, 0, 1, 8, 256},
    {"quadruples", "ld.global.v4.f32 {%f1,%f2,%f3,%f4}, []", 16, 0, 1, 16, 512},
    {"quadruplesStride2", "ld.global.v4.f32 {%f1,%f2,%f3,%f4}, []", 32, 0, 1,
     32, 512},
    {"generic", "ld.b32 %r6, []", 4, 0, 1, 4, 128},
    {"readOnly", "ld.global.nc.b32 %r6, []", 4, 0, 1, 4, 128},
    {"halfOfTheLanes", kLoad32, 4, 0, 1, 2, 64, 1, 32, kHalf},
    {"everySecondLane", kLoad32, 4, 0, 1, 4, 64, 1, 32, kEven},
    {"toAndFro", kLoad32, 4, 0, 1, 2, 128, 1, 32, kToAndFro},
    {"backwards", kLoad32, 4, 0, 1, 4, 128, 1, 32, kBackwards},
    {"nobody", kLoad32, 4, 0, 0, 0, 0, 1, 32, kNobody},
    {"tenLanes", kLoad32, 4, 0, 1, 2, 40, 1, 10},
    {"store", "st.global.b32 [], %r1", 4, 0, 1, 4, 128},
    {"storeStride32", "st.global.b32 [], %r1", 128, 0, 1, 32, 128},
    {"storeGeneric", "st.b32 [], %r1", 4, 0, 1, 4, 128},
    {"storeQuadruples", "st.global.v4.b32 [], {%r1,%r2,%r3,%r4}", 16, 0, 1, 16,
     512},
    {"reductionOfOneWord", "red.global.add.u32 [], %r1", 0, 0, 1, 1, 128},
    {"reductionOfManyWords", "red.global.add.u32 [], %r1", 4, 0, 1, 4, 128},
    {"reductionOf64Bits", "red.global.add.u64 [], %rd4", 8, 0, 1, 8, 256},
    {"asyncCopy", "cp.async.cg.shared.global [%r5], [], 16", 16, 0, 1, 16, 512},
    {"asyncCopyStride32", "cp.async.ca.shared.global [%r5], [], 4", 128, 0, 1,
     32, 128},
    {"manyWarps", kLoad32, 4, 0, 35, 140, 4480, 5, 224},
    {"manyWarpsMisaligned", kLoad32, 4, 4, 35, 175, 4480, 5, 224},
    {"partWarps", kLoad32, 4, 0, 4, 10, 320, 2, 40},
};

INSTANTIATE_TEST_SUITE_P(Sim, GlobalCountersTest, testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST(LocalCountersTest, aSpillOfAWarp) {
  SimKernel sim(R"(
.visible .entry k()
{
  .reg .b32 %r<3>;
  .local .align 4 .b8 x[8];
  mov.u32 %r1, %tid.x;
  st.local.u32 [x+4], %r1;
  ld.local.u32 %r2, [x+4];
  ret;
})");
  ASSERT_TRUE(sim.loaded()) << sim.error();
  sim.options.counters = true;
  LaunchReport report = sim.launch("k", 3, 64);
  for (int store = 0; store < 2; ++store) {
    const LineCounters &local =
        report.counters.byAccess[store][static_cast<size_t>(Space::Local)];
    EXPECT_EQ(local.requests, 6U);
    EXPECT_EQ(local.bytes, 6U * 32 * 4);
  }
}

} // namespace
} // namespace sluice::sim
