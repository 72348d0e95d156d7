#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

// What is wrong with a kernel is found, named and placed; beside each there is
// the same kernel done right, of which nothing is said.

const char *const kHead = R"(
.visible .entry k(.param .u64 p, .param .u64 q)
{
  .reg .pred %p<8>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<16>;
  .shared .align 16 .b8 s[1024];
  ld.param.u64 %rd1, [p];
  ld.param.u64 %rd2, [q];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ctaid.x;
  mul.wide.u32 %rd3, %r1, 4;
  add.u64 %rd4, %rd1, %rd3;
  add.u64 %rd5, %rd2, %rd3;
  shl.b32 %r3, %r1, 2;
  mov.u32 %r4, s;
  add.u32 %r5, %r4, %r3;
)";

struct CheckCase {
  const char *name;
  const char *body;
  uint32_t blocks, threads;
  // Nothing: a correct kernel.
  std::vector<FindingKind> found;
  const char *says = "";
};

class CheckTest : public testing::TestWithParam<CheckCase> {};

TEST_P(CheckTest, findsThisAndNothingElse) {
  const CheckCase &c = GetParam();
  for (AsyncMode async : {AsyncMode::Late, AsyncMode::Early, AsyncMode::Random})
    for (Schedule schedule :
         {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random}) {
      SimKernel sim(std::string(kHead) + c.body + "\n  ret;\n}\n");
      ASSERT_TRUE(sim.loaded()) << sim.error();
      std::vector<uint32_t> numbers(256);
      for (uint32_t i = 0; i < 256; ++i)
        numbers[i] = i * 3 + 1;
      uint64_t in = sim.upload(numbers, "in");
      uint64_t out = sim.reserve<uint32_t>(256, "out");
      sim.options.checks = Checks::all();
      sim.options.async = async;
      sim.options.schedule = schedule;
      sim.options.maxInstructions = 100000;
      auto report = sim.arg(in).arg(out).launch("k", c.blocks, c.threads);
      std::vector<FindingKind> kinds;
      for (const Finding &finding : report.findings)
        if (std::find(kinds.begin(), kinds.end(), finding.kind) == kinds.end())
          kinds.push_back(finding.kind);
      EXPECT_EQ(kinds, c.found) << findingsOf(report);
      EXPECT_NE(findingsOf(report).find(c.says), std::string::npos)
          << findingsOf(report);
    }
}

using enum FindingKind;
const CheckCase kCases[] = {
    {"sharedRoundTrip",
     R"(
  ld.global.u32 %r6, [%rd4];
  st.shared.u32 [%r5], %r6;
  bar.sync 0;
  xor.b32 %r7, %r5, 124;
  xor.b32 %r8, %r1, 63;
  shl.b32 %r8, %r8, 2;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     64,
     {}},
    {"sharedRoundTripWithoutBarrier",
     R"(
  ld.global.u32 %r6, [%rd4];
  st.shared.u32 [%r5], %r6;
  setp.lt.u32 %p1, %r1, 32;
  @!%p1 bra $skip;
  ld.shared.u32 %r9, [%r5+128];
$skip:)",
     1,
     64,
     {Race},
     "against"},
    {"twoWarpsWriteOneWord",
     R"(
  setp.ne.u32 %p1, %r3, 0;
  and.b32 %r6, %r1, 31;
  setp.eq.u32 %p2, %r6, 0;
  @%p2 st.shared.u32 [s], %r1;)",
     1,
     64,
     {Race},
     "warp"},
    {"writeAfterReadWithoutBarrier",
     R"(
  st.shared.u32 [%r5], %r1;
  bar.sync 0;
  xor.b32 %r8, %r3, 128;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.shared.u32 [%r5], %r9;)",
     1,
     64,
     {Race},
     "a read"},
    {"lanesOfAWarpWithoutWarpSync",
     R"(
  st.shared.u32 [%r5], %r1;
  xor.b32 %r8, %r3, 4;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     32,
     {Race}},
    {"lanesOfAWarpWithWarpSync",
     R"(
  st.shared.u32 [%r5], %r1;
  bar.warp.sync 0xffffffff;
  xor.b32 %r8, %r3, 4;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     32,
     {}},
    {"pairsOfLanesMeetApart",
     R"(
  mov.u32 %r10, 3;
  and.b32 %r11, %r1, 30;
  shl.b32 %r10, %r10, %r11;
  st.shared.u32 [%r5], %r1;
  bar.warp.sync %r10;
  xor.b32 %r8, %r3, 4;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     32,
     {}},
    {"pairsOfLanesReadBeyondTheirMeeting",
     R"(
  mov.u32 %r10, 3;
  and.b32 %r11, %r1, 30;
  shl.b32 %r10, %r10, %r11;
  st.shared.u32 [%r5], %r1;
  bar.warp.sync %r10;
  xor.b32 %r8, %r3, 8;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     32,
     {Race}},
    {"blocksWriteOneWord",
     "  st.global.u32 [%rd2], %r2;",
     2,
     1,
     {Race},
     "block"},
    {"blocksWriteTheirOwnWords",
     R"(
  mul.wide.u32 %rd6, %r2, 4;
  add.u64 %rd6, %rd6, %rd2;
  st.global.u32 [%rd6], %r2;)",
     4,
     1,
     {}},
    {"blocksAddAtomically", "  red.global.add.u32 [%rd1], %r2;", 4, 32, {}},
    {"aPlainReadBesideAtomics",
     R"(
  red.global.add.u32 [%rd1], 1;
  setp.ne.u32 %p1, %r2, 1;
  @%p1 bra $done;
  ld.global.u32 %r6, [%rd1];
$done:)",
     2,
     1,
     {Race}},
    // The last block sums up: the first one's result is published by a fence
    // and an atomic operation, and taken up the same way.
    {"messageBetweenBlocks",
     R"(
  mul.wide.u32 %rd6, %r2, 4;
  add.u64 %rd6, %rd6, %rd2;
  st.global.u32 [%rd6], %r2;
  membar.gl;
  atom.global.add.u32 %r6, [%rd1], 1;
  membar.gl;
  setp.ne.u32 %p1, %r6, 2;
  @%p1 bra $done;
  ld.global.u32 %r7, [%rd2];
  ld.global.u32 %r8, [%rd2+4];
$done:)",
     2,
     1,
     {}},
    {"messageBetweenBlocksWithoutFence",
     R"(
  mul.wide.u32 %rd6, %r2, 4;
  add.u64 %rd6, %rd6, %rd2;
  st.global.u32 [%rd6], %r2;
  atom.global.add.u32 %r6, [%rd1], 1;
  membar.gl;
  setp.ne.u32 %p1, %r6, 2;
  @%p1 bra $done;
  ld.global.u32 %r7, [%rd2];
  ld.global.u32 %r8, [%rd2+4];
$done:)",
     2,
     1,
     {Race}},
    {"messageBetweenBlocksByAcquireAndRelease",
     R"(
  mul.wide.u32 %rd6, %r2, 4;
  add.u64 %rd6, %rd6, %rd2;
  st.global.u32 [%rd6], %r2;
  atom.acq_rel.gpu.global.add.u32 %r6, [%rd1], 1;
  setp.ne.u32 %p1, %r6, 2;
  @%p1 bra $done;
  ld.global.u32 %r7, [%rd2];
  ld.global.u32 %r8, [%rd2+4];
$done:)",
     2,
     1,
     {}},
    {"copyAndWait",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  cp.async.wait_group 0;
  bar.sync 0;
  xor.b32 %r8, %r3, 128;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     64,
     {}},
    {"copyWithoutWait",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess},
     "cp.async"},
    {"copyWithoutCommit",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.wait_group 0;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess}},
    {"copyThatIsOneGroupTooNew",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  cp.async.wait_group 1;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess}},
    {"copyReadByAnotherWarpWithoutBarrier",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.wait_all;
  setp.lt.u32 %p1, %r1, 32;
  @%p1 bra $done;
  ld.shared.u32 %r9, [%r5+-128];
  st.shared.u32 [%r5+512], %r9;
$done:)",
     1,
     64,
     {Race}},
    {"storeOverACopy",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  st.shared.u32 [%r5], %r1;
  cp.async.wait_all;)",
     1,
     32,
     {InFlightAccess}},
    {"registerThatNobodyWrote",
     "  st.global.u32 [%rd5], %r12;",
     1,
     32,
     {Uninitialised},
     "stores a value"},
    {"predicateThatNobodyWrote",
     "  @%p5 st.global.u32 [%rd5], %r1;",
     1,
     32,
     {Uninitialised},
     "whether it runs"},
    {"addressThatNobodyWrote",
     R"(
  and.b64 %rd9, %rd10, 0;
  add.u64 %rd9, %rd9, %rd1;
  ld.global.u32 %r6, [%rd9];)",
     1,
     32,
     {Uninitialised},
     "the address"},
    {"sharedMemoryThatNobodyWrote",
     R"(
  ld.shared.u32 %r6, [%r5];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {Uninitialised}},
    {"globalMemoryThatNobodyWrote",
     R"(
  ld.global.u32 %r6, [%rd5];
  add.u32 %r6, %r6, 1;
  st.global.u32 [%rd4], %r6;)",
     1,
     32,
     {Uninitialised}},
    {"vectorWithAnElementThatNobodyWrote",
     R"(
  shl.b32 %r8, %r3, 1;
  add.u32 %r8, %r4, %r8;
  st.shared.u32 [%r8], %r1;
  ld.shared.v2.u32 {%r6, %r7}, [%r8];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {Uninitialised}},
    {"vectorWhoseOtherElementIsUsed",
     R"(
  shl.b32 %r8, %r3, 1;
  add.u32 %r8, %r4, %r8;
  st.shared.u32 [%r8], %r1;
  ld.shared.v2.u32 {%r6, %r7}, [%r8];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {}},
    {"unwrittenButNotChosen",
     R"(
  setp.lt.u32 %p1, %r1, 16;
  @%p1 ld.global.u32 %r6, [%rd4];
  selp.b32 %r7, %r6, 0, %p1;
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {}},
    {"unwrittenButMovedOnly",
     R"(
  ld.shared.u32 %r6, [%r5];
  st.shared.u32 [%r5+256], %r6;)",
     1,
     32,
     {}},
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
    {"barrierInADivergentBranch",
     R"(
  setp.lt.u32 %p1, %r1, 16;
  @!%p1 bra $done;
  bar.sync 0;
$done:)",
     1,
     32,
     {DivergentBarrier, Deadlock}},
    {"shuffleWithoutItsLanes",
     R"(
  setp.lt.u32 %p1, %r1, 16;
  @!%p1 bra $done;
  shfl.sync.bfly.b32 %r6, %r1, 1, 31, 0xffffffff;
$done:)",
     1,
     32,
     {DivergentCollective, Deadlock},
     "never come"},
    {"laneOutsideItsMask",
     R"(
  shfl.sync.bfly.b32 %r6, %r1, 1, 31, 0xffff;)",
     1,
     32,
     {DivergentCollective},
     "not in the mask"},
    {"barrierThatNobodyElseReaches",
     R"(
  setp.lt.u32 %p1, %r1, 32;
  @%p1 bar.sync 1, 64;
  @!%p1 bar.sync 2, 64;)",
     1,
     64,
     {Deadlock},
     "barrier 1"},
    {"barrierCounts",
     R"(
  bar.arrive 1, 96;
  bar.arrive 1, 128;)",
     1,
     32,
     {BarrierMisuse},
     "128"},
    {"barrierOutOfRange",
     "  bar.sync 16;",
     1,
     32,
     {BarrierMisuse},
     "barrier 0 to 15"},
    {"mbarrierPassesAMessage",
     R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 32;
  bar.sync 0;
  setp.lt.u32 %p2, %r1, 32;
  @!%p2 bra $wait;
  st.shared.u32 [%r5], %r1;
  mbarrier.arrive.shared.b64 %rd9, [s+512];
  bra $done;
$wait:
  mbarrier.try_wait.parity.shared.b64 %p3, [s+512], 0;
  @!%p3 bra $wait;
  ld.shared.u32 %r9, [%r5+-128];
  st.global.u32 [%rd5], %r9;
$done:)",
     1,
     64,
     {}},
    {"mbarrierWithTheWrongParity",
     R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 32;
  bar.sync 0;
  setp.lt.u32 %p2, %r1, 32;
  @!%p2 bra $wait;
  st.shared.u32 [%r5], %r1;
  mbarrier.arrive.shared.b64 %rd9, [s+512];
  bra $done;
$wait:
  mbarrier.try_wait.parity.shared.b64 %p3, [s+512], 1;
  @!%p3 bra $wait;
$done:)",
     1,
     32,
     {}},
    {"mbarrierWithoutInit",
     "  mbarrier.arrive.shared.b64 %rd9, [s+512];",
     1,
     1,
     {BarrierMisuse},
     "no mbarrier.init"},
    {"mbarrierThatOthersDoNotKnowOf",
     R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 1;
  bar.sync 0;
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.arrive.shared.b64 %rd9, [s+512];
  @!%p1 mbarrier.arrive.shared.b64 %rd9, [s+512];
  @!%p1 mbarrier.arrive.shared.b64 %rd9, [s+512], 2;)",
     1,
     64,
     {BarrierMisuse},
     "expects 1 more"},
    {"mbarrierReadAsData",
     R"(
  mbarrier.init.shared.b64 [s+512], 1;
  ld.shared.u32 %r9, [s+512];)",
     1,
     1,
     {BarrierMisuse},
     "holds an mbarrier"},
    {"mbarrierThatNobodyCompletes",
     R"(
  mbarrier.init.shared.b64 [s+512], 2;
  mbarrier.arrive.shared.b64 %rd9, [s+512];
$wait:
  mbarrier.try_wait.shared.b64 %p3, [s+512], %rd9;
  @!%p3 bra $wait;)",
     1,
     1,
     {Deadlock},
     "spinning"},
    {"copiesThatArriveAtAnMbarrier",
     R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 32;
  bar.warp.sync 0xffffffff;
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.mbarrier.arrive.noinc.shared.b64 [s+512];
$wait:
  mbarrier.try_wait.parity.shared.b64 %p3, [s+512], 0;
  @!%p3 bra $wait;
  xor.b32 %r8, %r3, 4;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     32,
     {}},
    {"endlessLoop",
     "$again:\n  bra $again;",
     1,
     32,
     {InstructionLimit},
     "endless"},
    {"trap", "  trap;", 1, 32, {Trap}},
};

INSTANTIATE_TEST_SUITE_P(Sim, CheckTest, testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST(MemoryCheckTest, useAfterFreeNamesTheAllocation) {
  SimKernel sim(std::string(kHead) + "  ld.global.u32 %r6, [%rd4];\n  ret;\n}");
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
