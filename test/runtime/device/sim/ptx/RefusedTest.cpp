#include "runtime/device/sim/ptx/Parser.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

struct RefusedCase {
  const char *instruction, *family;
};

/// What is left out as a whole is refused by that name; what is only wrong is
/// not.
TEST(RefusedTest, familiesAreNamed) {
  const RefusedCase cases[] = {
      {"cp.async.bulk.commit_group;", "bulk and tensor copies (TMA)"},
      {"cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%rd1], "
       "[%rd1], 16;",
       "bulk and tensor copies (TMA)"},
      {"wgmma.fence.sync.aligned;", "products of warp groups (wgmma)"},
      {"tcgen05.fence::before_thread_sync;", "tensor memory (tcgen05)"},
      {"barrier.cluster.arrive;", "clusters of blocks"},
      {"mapa.u64 %rd1, %rd1, 1;", "clusters of blocks"},
      {"mma.sync.aligned.kind::f8f6f4.m16n8k32.row.col.f32.e4m3.e2m1.f32 "
       "{%r0,%r0,%r0,%r0}, {%r0,%r0,%r0,%r0}, {%r0,%r0}, {%r0,%r0,%r0,%r0};",
       "block-scaled products"},
      {"mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 "
       "{%r0,%r0,%r0,%r0}, {%r0,%r0,%r0,%r0}, {%r0,%r0,%r0,%r0}, "
       "{%r0,%r0,%r0,%r0}, %r0, 0;",
       "sparse products"},
      {"mbarrier.arrive.expect_tx.shared::cta.b64 %rd1, [%rd1], 16;",
       "bulk and tensor copies (TMA)"},
      {"st.bulk.weak.shared::cta [%rd1], %rd1, 0;",
       "bulk and tensor copies (TMA)"},
      {"mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%rd1];",
       "clusters of blocks"},
      {"vabsdiff4.u32.u32.u32 %r0, %r0, %r0, %r0;", "video instructions"},
      {"vshr.u32.u32.u32.clamp %r0, %r0, %r0;", "video instructions"},
      {"wmma.load.a.sync.aligned.row.m16n16k16.s8 {%r0, %r0}, [%rd1];",
       "wmma of other types than f16 and bf16"},
      {"wmma.load.x.sync.aligned.row.m16n16k16.f16 {%r0, %r0}, [%rd1];",
       nullptr},
      {"cp.async.cx.shared.global [%rd1], [%rd1], 16;", nullptr},
      {"mma.sync.aligned.m8n8k3.row.col.f32.f16.f16.f32 {%r0}, {%r0}, {%r0}, "
       "{%r0};",
       nullptr},
      {"wgmm.fence;", nullptr},
  };
  for (const auto &[instruction, family] : cases) {
    std::string text = ".version 8.7\n.target sm_100a\n.address_size 64\n"
                       ".visible .entry k()\n{\n  .reg .b32 %r<1>;\n"
                       "  .reg .b64 %rd<2>;\n  " +
                       std::string(instruction) + "\n  ret;\n}\n";
    auto module = parseModule(text, "k.ptx");
    ASSERT_FALSE(module.ok()) << instruction;
    std::string message = module.status().message();
    EXPECT_NE(message.find("k.ptx:8:"), std::string::npos) << message;
    std::string says = "this simulator does not model ";
    if (family == nullptr)
      EXPECT_EQ(message.find(says), std::string::npos) << message;
    else
      EXPECT_NE(message.find(says + family), std::string::npos) << message;
  }
}

} // namespace
} // namespace sluice::sim
