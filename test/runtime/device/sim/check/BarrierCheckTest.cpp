// Barriers and collectives that not all reach, and kernels that never end.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;
const CheckCase kCases[] = {
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
    {"lanesCountDifferently",
     R"(
  and.b32 %r6, %r1, 1;
  mad.lo.u32 %r6, %r6, 32, 32;
  bar.sync 1, %r6;)",
     1,
     32,
     {BarrierMisuse},
     "different barriers or counts"},
    {"lanesNameDifferentBarriers",
     R"(
  and.b32 %r6, %r1, 1;
  bar.sync %r6;)",
     1,
     32,
     {BarrierMisuse},
     "different barriers or counts"},
    {"barrierOutOfRange",
     "  bar.sync 16;",
     1,
     32,
     {BarrierMisuse},
     "barrier 0 to 15"},
    {"endlessLoop",
     "$again:\n  bra $again;",
     1,
     32,
     {InstructionLimit},
     "endless"},
    {"trap", "  trap;", 1, 32, {Trap}},
};

INSTANTIATE_TEST_SUITE_P(Barriers, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

} // namespace
} // namespace sluice::sim
