#include "test/runtime/device/sim/SimKernel.h"

#include <gmock/gmock.h>

namespace sluice::sim {
namespace {

using testing::HasSubstr;

// Two warps; the second arrives alone at the first barrier, which costs one
// wait, and its guarded addition has lanes in one warp only.
const char *const kKernel = R"(
.file 1 "sum.cu"
.visible .entry k(.param .u64 p)
{
  .reg .pred %p<2>;
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  .loc 1 5 3
  ld.param.u64 %rd1, [p];
  mov.u32 %r1,	%tid.x;
  setp.lt.u32 %p1, %r1, 32;
  .loc 1 7 9
  @%p1 add.u32 %r1, %r1, 1;
  bar.sync 0;
  st.global.u32 [%rd1], 7;
  ret;
})";

LaunchReport runKernel(uint32_t threads) {
  SimKernel sim(kKernel);
  EXPECT_TRUE(sim.loaded()) << sim.error();
  sim.options.counters = true;
  sim.options.threads = threads;
  uint64_t out = sim.reserve<uint32_t>(1);
  return sim.arg(out).launch("k", 5, 64);
}

TEST(CountersReportTest, linesAndClassesAddUp) {
  for (uint32_t threads : {1U, 4U}) {
    LaunchReport report = runKernel(threads);
    uint64_t ofLines = 0, ofClasses = 0;
    for (const CountedLine &line : report.counters.lines)
      ofLines += line.counters.executions;
    for (const LineCounters &c : report.counters.byClass)
      ofClasses += c.executions;
    EXPECT_EQ(ofLines, 5U * 2 * 7);
    EXPECT_EQ(ofClasses, ofLines);
    EXPECT_EQ(report.warpInstructions, ofLines);
    // Whoever comes last does not wait.
    EXPECT_EQ(report.counters.barrierWaits, 5U);
    const CountedLine &guarded = report.counters.lines[3];
    EXPECT_EQ(guarded.place, "test.ptx:16");
    EXPECT_EQ(guarded.location, "sum.cu:7");
    EXPECT_EQ(guarded.text, "@%p1 add.u32 %r1, %r1, 1");
    EXPECT_EQ(guarded.counters.executions, 10U);
    EXPECT_EQ(guarded.counters.lanes, 5U * 32);
  }
}

TEST(CountersReportTest, textHasEachLine) {
  std::string text = textOf(runKernel(1).counters, /*perLine=*/true);
  EXPECT_THAT(text, HasSubstr("test.ptx\n"));
  EXPECT_THAT(text, HasSubstr("     13: mov.u32 %r1, %tid.x  // sum.cu:5\n"));
  EXPECT_THAT(text, HasSubstr("barrier waits 5\n"));
  std::string sums = textOf(runKernel(1).counters, /*perLine=*/false);
  EXPECT_THAT(sums, Not(HasSubstr("mov.u32")));
}

TEST(CountersReportTest, jsonHasEachLine) {
  std::string json = jsonOf(runKernel(1).counters);
  EXPECT_THAT(json, HasSubstr(R"("place":"test.ptx:13","source":"sum.cu:5",)"
                              R"("instruction":"mov.u32 %r1, %tid.x",)"
                              R"("class":"move")"));
  EXPECT_THAT(json, HasSubstr(R"("barrierWaits":5)"));
}

} // namespace
} // namespace sluice::sim
