#include "test/runtime/device/sim/SimKernel.h"

#include <fmt/format.h>
#include <functional>

namespace sluice::sim {
namespace {

constexpr uint32_t kThreads[] = {5, 4, 3}; // two warps, the second in part
constexpr uint32_t kBlocks[] = {2, 3, 2};

/// A thread, and where it is.
struct Thread {
  uint32_t index, x, y, z; // in its block
  uint32_t block, blockX, blockY, blockZ;
  uint32_t lane() const { return index % 32; }
};

struct Special {
  const char *name;
  std::function<uint64_t(const Thread &)> value;
};

const Special kRegisters[] = {
    {"%tid.x", [](const Thread &t) { return t.x; }},
    {"%tid.y", [](const Thread &t) { return t.y; }},
    {"%tid.z", [](const Thread &t) { return t.z; }},
    {"%ntid.x", [](const Thread &) { return 5; }},
    {"%ntid.y", [](const Thread &) { return 4; }},
    {"%ntid.z", [](const Thread &) { return 3; }},
    {"%ctaid.x", [](const Thread &t) { return t.blockX; }},
    {"%ctaid.y", [](const Thread &t) { return t.blockY; }},
    {"%ctaid.z", [](const Thread &t) { return t.blockZ; }},
    {"%nctaid.x", [](const Thread &) { return 2; }},
    {"%nctaid.y", [](const Thread &) { return 3; }},
    {"%nctaid.z", [](const Thread &) { return 2; }},
    {"%laneid", [](const Thread &t) { return t.lane(); }},
    {"%warpid", [](const Thread &t) { return t.index / 32; }},
    {"%nwarpid", [](const Thread &) { return 2; }},
    {"%smid", [](const Thread &t) { return t.block % 4; }}, // our choice
    {"%nsmid", [](const Thread &) { return 4; }},
    {"%gridid", [](const Thread &) { return 1; }},
    {"%lanemask_eq", [](const Thread &t) { return 1U << t.lane(); }},
    {"%lanemask_lt", [](const Thread &t) { return (1U << t.lane()) - 1; }},
    {"%lanemask_le", [](const Thread &t) { return (1U << t.lane()) * 2 - 1; }},
    {"%lanemask_gt",
     [](const Thread &t) { return ~((1U << t.lane()) * 2 - 1); }},
    {"%lanemask_ge", [](const Thread &t) { return ~((1U << t.lane()) - 1); }},
    {"%dynamic_smem_size", [](const Thread &) { return 100; }},
    // 60 bytes of s, then 100 from the next multiple of 16 on
    {"%total_smem_size", [](const Thread &) { return 256; }},
    {"%aggr_smem_size", [](const Thread &) { return 1024 + 256; }},
    {"%clock_hi", [](const Thread &) { return 0; }},
    {"%globaltimer_hi", [](const Thread &) { return 0; }},
    {"%clusterid.x", [](const Thread &t) { return t.blockX; }},
    {"%clusterid.y", [](const Thread &t) { return t.blockY; }},
    {"%clusterid.z", [](const Thread &t) { return t.blockZ; }},
    {"%nclusterid.x", [](const Thread &) { return 2; }},
    {"%nclusterid.y", [](const Thread &) { return 3; }},
    {"%nclusterid.z", [](const Thread &) { return 2; }},
    {"%cluster_ctarank", [](const Thread &) { return 0; }},
    {"%cluster_ctaid.x", [](const Thread &) { return 0; }},
    {"%cluster_ctaid.y", [](const Thread &) { return 0; }},
    {"%cluster_ctaid.z", [](const Thread &) { return 0; }},
    {"%cluster_nctarank", [](const Thread &) { return 1; }},
    {"%cluster_nctaid.x", [](const Thread &) { return 1; }},
    {"%cluster_nctaid.y", [](const Thread &) { return 1; }},
    {"%cluster_nctaid.z", [](const Thread &) { return 1; }},
};

/// k(out): each thread stores `name` at its place in the grid.
std::string storing(const std::string &name) {
  return R"(
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(.param .u64 out)
{
  .shared .align 4 .b8 s[60];
  .reg .b32 %r<16>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %tid.y;
  mov.u32 %r3, %tid.z;
  mad.lo.u32 %r2, %r3, 4, %r2;
  mad.lo.u32 %r1, %r2, 5, %r1;
  mov.u32 %r4, %ctaid.x;
  mov.u32 %r5, %ctaid.y;
  mov.u32 %r6, %ctaid.z;
  mad.lo.u32 %r5, %r6, 3, %r5;
  mad.lo.u32 %r4, %r5, 2, %r4;
  mad.lo.u32 %r1, %r4, 60, %r1;
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd1, %rd1, %rd2;
  mov.u32 %r7, s;
  mov.u32 %r7, dynamic;
  mov.u32 %r8, )" +
         name + R"(;
  st.global.u32 [%rd1], %r8;
  ret;
}
)";
}

TEST(SpecialRegisterTest, eachHasItsValueInEveryThread) {
  constexpr uint32_t perBlock = 60, blocks = 12;
  for (const auto &[name, value] : kRegisters) {
    SimKernel sim(storing(name));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    uint64_t out = sim.reserve<uint32_t>(size_t{perBlock} * blocks);
    Simulator::Grid grid;
    std::copy(std::begin(kBlocks), std::end(kBlocks), grid.blocks);
    std::copy(std::begin(kThreads), std::end(kThreads), grid.threads);
    grid.dynamicShared = 100;
    auto report = sim.simulator.launch(
        *sim.module, "k", grid, std::as_bytes(std::span(&out, 1)), sim.options);
    ASSERT_TRUE(report.ok()) << name << ": " << report.status().message();
    auto got = sim.download<uint32_t>(out, size_t{perBlock} * blocks);
    for (uint32_t block = 0; block < blocks; ++block)
      for (uint32_t i = 0; i < perBlock; ++i) {
        Thread thread{i,     i % 5,     i / 5 % 4,     i / 20,
                      block, block % 2, block / 2 % 3, block / 6};
        ASSERT_EQ(got[block * perBlock + i], value(thread))
            << name << " of thread " << i << ", block " << block;
      }
  }
}

} // namespace
} // namespace sluice::sim
