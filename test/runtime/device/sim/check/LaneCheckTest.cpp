#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

// What one lane does for its warp, what lanes do to each other, and blocks that
// run at the same time: each fault beside the same kernel done right.

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
  and.b32 %r3, %r1, 31;
  mov.u32 %r4, s;
  shl.b32 %r5, %r1, 2;
  add.u32 %r5, %r4, %r5;
)";

std::vector<FindingKind> foundIn(const std::string &body, uint32_t blocks,
                                 uint32_t threads, AsyncMode async,
                                 Schedule schedule, uint64_t seed = 1) {
  SimKernel sim(kHead + body + "\n  ret;\n}\n");
  EXPECT_TRUE(sim.loaded()) << sim.error();
  uint64_t in = sim.upload(std::vector<uint32_t>(256), "in");
  uint64_t out = sim.upload(std::vector<uint32_t>(256), "out");
  sim.options.checks = Checks::all();
  sim.options.async = async;
  sim.options.schedule = schedule;
  sim.options.seed = seed;
  sim.options.maxInstructions = 1000000;
  std::vector<FindingKind> kinds;
  for (const Finding &finding :
       sim.arg(in).arg(out).launch("k", blocks, threads).findings)
    if (std::find(kinds.begin(), kinds.end(), finding.kind) == kinds.end())
      kinds.push_back(finding.kind);
  return kinds;
}

void expectEverywhere(const std::string &body, uint32_t threads,
                      const std::vector<FindingKind> &found) {
  for (AsyncMode async : {AsyncMode::Late, AsyncMode::Early, AsyncMode::Random})
    for (Schedule schedule :
         {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random})
      EXPECT_EQ(foundIn(body, 1, threads, async, schedule), found)
          << body << int(async) << int(schedule);
}

using enum FindingKind;

TEST(LaneCheck, LanesStoreToOneWord) {
  expectEverywhere("  st.shared.u32 [s], %r1;", 32, {Race});
  expectEverywhere("  st.global.u32 [%rd1], %r1;", 32, {Race});
  expectEverywhere("  st.shared.v2.u32 [s], {%r4, %r1};", 32, {Race});
  // Halves of words that only touch, and values that are the same.
  expectEverywhere("  mov.u32 %r6, 7;\n  st.shared.u32 [s], %r6;", 32, {});
  expectEverywhere(R"(
  shl.b32 %r6, %r1, 1;
  add.u32 %r6, %r6, %r4;
  .reg .b16 %h;
  cvt.u16.u32 %h, %r1;
  st.shared.u16 [%r6], %h;)",
                   32, {});
  // A strong store: somebody comes last, which is no race.
  expectEverywhere("  st.relaxed.gpu.global.u32 [%rd1], %r1;", 32, {});
}

// Warp 1 reads what warp 0 wants to write, and one lane says that it may.
std::string arrival(const std::string &sync) {
  return R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 1;
  st.shared.u32 [%r5], %r1;
  bar.sync 0;
  setp.lt.u32 %p2, %r1, 32;
  @%p2 bra $write;
  ld.shared.u32 %r6, [%r5+-128];
)" + sync +
         R"(
  setp.ne.u32 %p3, %r3, 0;
  @!%p3 mbarrier.arrive.shared.b64 %rd9, [s+512];
  bra $done;
$write:
  mbarrier.try_wait.parity.shared.b64 %p4, [s+512], 0;
  @!%p4 bra $write;
  st.shared.u32 [%r5], 0;
$done:)";
}

TEST(LaneCheck, OneLaneArrivesForItsWarp) {
  expectEverywhere(arrival("bar.warp.sync 0xffffffff;"), 64, {});
  expectEverywhere(arrival(""), 64, {Race});
  // The warp has its values when all have run something with them, which is
  // not said to be wrong.
  expectEverywhere(
      arrival("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r7}, [s+256];"), 64,
      {});
}

// Lanes arrive for themselves: a warp that is not full, and half of one.
TEST(LaneCheck, LanesArriveForThemselves) {
  auto body = [](int count, int from) {
    return R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], )" +
           std::to_string(count) + R"(;
  bar.sync 0;
  setp.lt.u32 %p2, %r1, )" +
           std::to_string(from) + R"(;
  @%p2 bra $wait;
  st.shared.u32 [%r5], %r1;
  mbarrier.arrive.shared.b64 %rd9, [s+512];
$wait:
  mbarrier.try_wait.parity.shared.b64 %p4, [s+512], 0;
  @!%p4 bra $wait;
  ld.shared.u32 %r6, [s+128];
  ld.shared.u32 %r6, [s+156];)";
  };
  expectEverywhere(body(8, 32), 40, {});
  expectEverywhere(body(32, 32), 64, {});
  expectEverywhere(body(16, 32), 48, {});
  expectEverywhere(body(33, 7), 40, {});
}

// A block that takes what another may not have written yet.
TEST(BlockCheck, BlocksRunAtTheSameTimeInARandomSchedule) {
  std::string body = R"(
  setp.ne.u32 %p1, %r2, 0;
  @%p1 bra $read;
  mov.u32 %r6, 100;
$work:
  sub.u32 %r6, %r6, 1;
  setp.ne.u32 %p2, %r6, 0;
  @%p2 bra $work;
  st.relaxed.gpu.global.u32 [%rd1], 1;
  bra $done;
$read:
  ld.relaxed.gpu.global.u32 %r7, [%rd1];
  setp.ne.u32 %p3, %r7, 0;
  @%p3 bra $done;
  trap;
$done:)";
  auto run = [&](Schedule schedule, uint64_t seed) {
    return foundIn(body, 2, 32, AsyncMode::Late, schedule, seed);
  };
  EXPECT_TRUE(run(Schedule::RoundRobin, 1).empty());
  size_t found = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed)
    found += !run(Schedule::Random, seed).empty();
  EXPECT_GT(found, 0U);
}

} // namespace
} // namespace sluice::sim
