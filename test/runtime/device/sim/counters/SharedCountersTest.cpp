#include "test/runtime/device/sim/SimKernel.h"

#include <fmt/format.h>

#include <numeric>

namespace sluice::sim {
namespace {

// Wavefronts of shared memory: 32 banks of 4 bytes, each of which serves one
// word of a wavefront.

constexpr auto kShared = static_cast<size_t>(Space::Shared);

/// One warp runs `instruction` on [%r5], which `address` computes from the lane
/// %r1 as an offset into 36 KiB.
LineCounters sharedOf(const std::string &address,
                      const std::string &instruction, bool store = false,
                      uint32_t threads = 32) {
  SimKernel sim(fmt::format(R"(
.visible .entry k()
{{
  .reg .b16 %h<2>;
  .reg .b32 %r<12>;
  .reg .b64 %rd<3>;
  .shared .align 1024 .b8 s[36864];
  mov.u32 %r1, %tid.x;
  mov.u64 %rd1, 1;
  mov.u32 %r6, s;
  {}
  add.u32 %r5, %r5, %r6;
  {};
  ret;
}})",
                            address, instruction));
  EXPECT_TRUE(sim.loaded()) << sim.error();
  if (!sim.loaded())
    return {};
  sim.options.counters = true;
  LaunchReport report = sim.launch("k", 1, threads);
  EXPECT_EQ(findingsOf(report), "");
  const LineCounters &counted = report.counters.byAccess[store][kShared];
  EXPECT_EQ(report.counters.sharedConflicts(),
            counted.wavefronts - counted.idealWavefronts);
  EXPECT_EQ(report.counters.byAccess[!store][kShared].requests, 0U);
  EXPECT_EQ(counted.sectors, 0U);
  return counted;
}

std::string strided(uint32_t bytes) {
  return fmt::format("mul.lo.u32 %r5, %r1, {};", bytes);
}

TEST(SharedCountersTest, aStrideOfWordsTakesAsManyWavefrontsAsItsDivisor) {
  for (uint32_t stride = 1; stride <= 66; ++stride) {
    LineCounters counted =
        sharedOf(strided(4 * stride), "ld.shared.b32 %r7, [%r5]");
    // Lanes i and i + 32 / gcd meet in a bank, in different words.
    EXPECT_EQ(counted.wavefronts, std::gcd(stride, 32U)) << stride;
    EXPECT_EQ(counted.idealWavefronts, 1U) << stride;
    EXPECT_EQ(counted.requests, 1U) << stride;
    EXPECT_EQ(counted.bytes, 128U) << stride;
  }
}

TEST(SharedCountersTest, oneWordForAllIsOneWavefront) {
  EXPECT_EQ(sharedOf(strided(0), "ld.shared.b32 %r7, [%r5]").wavefronts, 1U);
  // Two words of one bank, whoever wants them.
  EXPECT_EQ(sharedOf("and.b32 %r5, %r1, 1; shl.b32 %r5, %r5, 7;",
                     "ld.shared.b32 %r7, [%r5]")
                .wavefronts,
            2U);
}

TEST(SharedCountersTest, bytesAndHalvesOfOneWordDoNotConflict) {
  EXPECT_EQ(sharedOf(strided(1), "ld.shared.u8 %r7, [%r5]").wavefronts, 1U);
  EXPECT_EQ(sharedOf(strided(2), "ld.shared.b16 %h1, [%r5]").wavefronts, 1U);
  // 64 bytes apart: 16 words apart, so every second lane meets.
  EXPECT_EQ(sharedOf(strided(64), "ld.shared.b16 %h1, [%r5]").wavefronts, 16U);
}

TEST(SharedCountersTest, wideAccessesGoByHalvesAndQuarters) {
  LineCounters pairs = sharedOf(strided(8), "ld.shared.b64 %rd2, [%r5]");
  EXPECT_EQ(pairs.wavefronts, 2U);
  EXPECT_EQ(pairs.idealWavefronts, 2U);
  EXPECT_EQ(pairs.bytes, 256U);
  const char *quadruple = "ld.shared.v4.b32 {%r7,%r8,%r9,%r10}, [%r5]";
  LineCounters quadruples = sharedOf(strided(16), quadruple);
  EXPECT_EQ(quadruples.wavefronts, 4U);
  EXPECT_EQ(quadruples.idealWavefronts, 4U);
  // 32 bytes apart, lanes i and i + 4 of a quarter meet.
  EXPECT_EQ(sharedOf(strided(32), quadruple).wavefronts, 8U);
  // 128 bytes apart, all eight do; with 16 bytes of padding none does.
  EXPECT_EQ(sharedOf(strided(128), quadruple).wavefronts, 32U);
  EXPECT_EQ(sharedOf(strided(144), quadruple).wavefronts, 4U);
}

// A column of a tile of 32 x 32 words: the lane is the row.
TEST(SharedCountersTest, aColumnOfATileIsPaddedOrSwizzled) {
  for (uint32_t column : {0U, 5U, 31U}) {
    auto address = [&](uint32_t pitch) {
      return fmt::format("mad.lo.u32 %r5, %r1, {}, {};", 4 * pitch, 4 * column);
    };
    const char *load = "ld.shared.b32 %r7, [%r5]";
    EXPECT_EQ(sharedOf(address(32), load).wavefronts, 32U);
    EXPECT_EQ(sharedOf(address(33), load).wavefronts, 1U);
    // Word (row, column) at column ^ row.
    std::string swizzled = fmt::format("xor.b32 %r8, %r1, {};"
                                       "shl.b32 %r8, %r8, 2;"
                                       "mad.lo.u32 %r5, %r1, 128, %r8;",
                                       column);
    EXPECT_EQ(sharedOf(swizzled, load).wavefronts, 1U);
    EXPECT_EQ(sharedOf(swizzled, "st.shared.b32 [%r5], %r1", true).wavefronts,
              1U);
  }
}

TEST(SharedCountersTest, storesAndAtomicsConflictAsLoadsDo) {
  for (uint32_t stride : {1U, 2U, 32U, 33U}) {
    EXPECT_EQ(sharedOf(strided(4 * stride), "st.shared.b32 [%r5], %r1", true)
                  .wavefronts,
              std::gcd(stride, 32U));
    EXPECT_EQ(
        sharedOf(strided(4 * stride), "red.shared.add.u32 [%r5], %r1", true)
            .wavefronts,
        std::gcd(stride, 32U));
  }
}

TEST(SharedCountersTest, eachWarpCountsItsOwn) {
  LineCounters counted =
      sharedOf(strided(8), "ld.shared.b32 %r7, [%r5]", false, 160);
  EXPECT_EQ(counted.requests, 5U);
  EXPECT_EQ(counted.wavefronts, 10U);
  EXPECT_EQ(counted.idealWavefronts, 5U);
}

// ldmatrix and stmatrix: eight rows of 16 bytes make a matrix of 8 x 8 halves.
struct MatrixLayout {
  const char *name;
  const char *address;
  uint64_t wavefronts; // of one matrix
};

const MatrixLayout kLayouts[] = {
    {"packed", "mul.lo.u32 %r5, %r1, 16;", 1},
    {"rowsOf128Bytes", "mul.lo.u32 %r5, %r1, 128;", 8},
    {"rowsOf64Bytes", "mul.lo.u32 %r5, %r1, 64;", 4},
    {"rowsOf32Bytes", "mul.lo.u32 %r5, %r1, 32;", 2},
    {"padded", "mul.lo.u32 %r5, %r1, 144;", 1},
    // 16 bytes number c of a row of 128 at c ^ (row % 8), here c = 3.
    {"swizzled",
     "and.b32 %r8, %r1, 7; xor.b32 %r8, %r8, 3; shl.b32 %r8, %r8, 4;"
     "mad.lo.u32 %r5, %r1, 128, %r8;",
     1},
};

TEST(SharedCountersTest, matricesOfRows) {
  const char *lists[] = {"", "{%r7}", "{%r7,%r8}", "", "{%r7,%r8,%r9,%r10}"};
  for (const MatrixLayout &layout : kLayouts)
    for (uint32_t matrices : {1U, 2U, 4U})
      for (const char *trans : {"", ".trans"}) {
        SCOPED_TRACE(fmt::format("{} x{}{}", layout.name, matrices, trans));
        LineCounters load = sharedOf(
            layout.address,
            fmt::format("ldmatrix.sync.aligned.m8n8.x{}{}.shared.b16 {}, [%r5]",
                        matrices, trans, lists[matrices]));
        EXPECT_EQ(load.requests, 1U);
        EXPECT_EQ(load.bytes, 128U * matrices);
        EXPECT_EQ(load.wavefronts, layout.wavefronts * matrices);
        EXPECT_EQ(load.idealWavefronts, matrices);
        LineCounters store = sharedOf(
            layout.address,
            fmt::format("stmatrix.sync.aligned.m8n8.x{}{}.shared.b16 [%r5], {}",
                        matrices, trans, lists[matrices]),
            true);
        EXPECT_EQ(store.wavefronts, layout.wavefronts * matrices);
        EXPECT_EQ(store.bytes, 128U * matrices);
      }
}

} // namespace
} // namespace sluice::sim
