// Shared and global memory that two sides touch without an order.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;

/// Each of two blocks leaves a result and counts itself with `atom`; the last
/// one reads both. `before` and `after` stand around the atom.
CheckCase messageBetweenBlocks(const char *name, const std::string &before,
                               const std::string &atom,
                               const std::string &after,
                               std::vector<FindingKind> found) {
  return {name,
          R"(
  mul.wide.u32 %rd6, %r2, 4;
  add.u64 %rd6, %rd6, %rd2;
  st.global.u32 [%rd6], %r2;
  )" + before +
              "\n  " + atom + ".global.add.u32 %r6, [%rd1], 1;\n  " + after +
              R"(
  setp.ne.u32 %p1, %r6, 2;
  @%p1 bra $done;
  ld.global.u32 %r7, [%rd2];
  ld.global.u32 %r8, [%rd2+4];
$done:)",
          2, 1, std::move(found)};
}

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
    // Two lanes have 16 bytes together, but not the whole row in order.
    {"lanesReadTheirOwnHalfOfAQuad",
     R"(
  xor.b32 %r6, %r1, 2;
  shl.b32 %r6, %r6, 3;
  add.u32 %r6, %r6, %r4;
  st.shared.v2.u32 [%r6], {%r1, %r2};
  ld.shared.u32 %r7, [%r6+4];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {}},
    {"lanesReadTheOtherHalfOfAQuad",
     R"(
  xor.b32 %r6, %r1, 2;
  shl.b32 %r6, %r6, 3;
  add.u32 %r6, %r6, %r4;
  st.shared.v2.u32 [%r6], {%r1, %r2};
  xor.b32 %r8, %r1, 3;
  shl.b32 %r8, %r8, 3;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r7, [%r8+4];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {Race}},
    {"warpsWriteTheSameQuads",
     R"(
  and.b32 %r7, %r1, 31;
  xor.b32 %r6, %r7, 2;
  shl.b32 %r6, %r6, 3;
  add.u32 %r6, %r6, %r4;
  st.shared.v2.u32 [%r6], {%r7, %r2};)",
     1,
     64,
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
    messageBetweenBlocks("byFullFences", "membar.gl;", "atom", "membar.gl;",
                         {}),
    messageBetweenBlocks("withoutFence", "", "atom", "membar.gl;", {Race}),
    messageBetweenBlocks("byAcquireAndRelease", "", "atom.acq_rel.gpu", "", {}),
    messageBetweenBlocks("releasedOnly", "", "atom.release.gpu", "", {Race}),
    messageBetweenBlocks("acquiredOnly", "", "atom.acquire.gpu", "", {Race}),
    messageBetweenBlocks("byFencesOfOneKind", "fence.release.gpu;",
                         "atom.relaxed.gpu", "fence.acquire.gpu;", {}),
    messageBetweenBlocks("acquiredBefore", "fence.acquire.gpu;",
                         "atom.relaxed.gpu", "fence.acquire.gpu;", {Race}),
    messageBetweenBlocks("releasedAfter", "fence.release.gpu;",
                         "atom.relaxed.gpu", "fence.release.gpu;", {Race}),
    messageBetweenBlocks("releasedThenAFence", "", "atom.release.gpu",
                         "fence.acquire.gpu;", {}),
    messageBetweenBlocks("aFenceThenAcquired", "fence.release.gpu;",
                         "atom.acquire.gpu", "", {}),
};

INSTANTIATE_TEST_SUITE_P(Races, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

TEST(RaceCheckTest, wordsFarApartAreNotTheSame) {
  SimKernel sim(std::string(CheckCase::kHead) + R"(
  mul.wide.u32 %rd6, %r2, 131072;
  add.u64 %rd6, %rd1, %rd6;
  st.global.u32 [%rd6], %r2;
  ret;
})");
  uint64_t words = sim.reserve<uint32_t>(3 * 32768);
  sim.options.checks = Checks::all();
  auto report = sim.arg(words).arg(words).launch("k", 3, 1);
  EXPECT_EQ(findingsOf(report), "");
}

} // namespace
} // namespace sluice::sim
