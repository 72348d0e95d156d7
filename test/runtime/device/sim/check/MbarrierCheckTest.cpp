// Mbarriers: phases, initialisation, and copies that arrive at them.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;

/// A warp stores, another one reads; `arrive` and `wait` follow
/// "mbarrier.arrive" and "mbarrier.try_wait.parity".
CheckCase message(const char *name, const std::string &before,
                  const std::string &arrive, const std::string &wait,
                  const std::string &after, std::vector<FindingKind> found) {
  return {name,
          R"(
  setp.ne.u32 %p1, %r1, 0;
  @!%p1 mbarrier.init.shared.b64 [s+512], 32;
  bar.sync 0;
  setp.lt.u32 %p2, %r1, 32;
  @!%p2 bra $wait;
  st.shared.u32 [%r5], %r1;
  )" + before +
              "\n  mbarrier.arrive" + arrive +
              ".shared.b64 %rd9, [s+512];\n  bra $done;\n$wait:\n"
              "  mbarrier.try_wait.parity" +
              wait + ".shared.b64 %p3, [s+512], 0;\n  @!%p3 bra $wait;\n  " +
              after + R"(
  ld.shared.u32 %r9, [%r5+-128];
  st.global.u32 [%rd5], %r9;
$done:)",
          1, 64, std::move(found)};
}

const CheckCase kCases[] = {
    message("mbarrierPassesAMessage", "", "", "", "", {}),
    message("relaxedArrival", "", ".relaxed.cta", "", "", {Race}),
    message("relaxedWait", "", "", ".relaxed.cta", "", {Race}),
    message("relaxedArrivalBehindAFence", "fence.release.cta;", ".relaxed.cta",
            "", "", {}),
    message("relaxedArrivalsBehindAFenceOfOneLane", "@!%p1 fence.release.cta;",
            ".relaxed.cta", "", "", {Race}),
    message("relaxedArrivalBehindAnotherFence", "fence.acquire.cta;",
            ".relaxed.cta", "", "", {Race}),
    message("relaxedWaitBeforeAFence", "", "", ".relaxed.cta",
            "fence.acquire.cta;", {}),
    message("relaxedWaitBeforeAnotherFence", "", "", ".relaxed.cta",
            "fence.release.cta;", {Race}),
    message("relaxedOnBothSides", "fence.acq_rel.cta;", ".relaxed.cta",
            ".relaxed.cta", "fence.acq_rel.cta;", {}),
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
};

INSTANTIATE_TEST_SUITE_P(Mbarriers, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

} // namespace
} // namespace sluice::sim
