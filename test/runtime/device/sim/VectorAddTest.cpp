#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

const char *const kVectorAdd = R"(
.visible .entry add(.param .u64 x, .param .u64 y, .param .u64 z, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .b32 %r<6>;
  .reg .f32 %f<4>;
  .reg .b64 %rd<11>;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  ld.param.u64 %rd3, [z];
  ld.param.u32 %r1, [n];
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.u32 %p1, %r5, %r1;
  @%p1 bra $done;
  cvta.to.global.u64 %rd4, %rd1;
  mul.wide.u32 %rd5, %r5, 4;
  add.s64 %rd6, %rd4, %rd5;
  cvta.to.global.u64 %rd7, %rd2;
  add.s64 %rd8, %rd7, %rd5;
  ld.global.f32 %f1, [%rd6];
  ld.global.f32 %f2, [%rd8];
  add.f32 %f3, %f1, %f2;
  cvta.to.global.u64 %rd9, %rd3;
  add.s64 %rd10, %rd9, %rd5;
  st.global.f32 [%rd10], %f3;
$done:
  ret;
}
)";

TEST(VectorAddTest, addsElementwiseAndLeavesTheRestAlone) {
  SimKernel sim(kVectorAdd);
  ASSERT_TRUE(sim.loaded()) << sim.error();
  constexpr uint32_t n = 1000;
  std::vector<float> x(n);
  std::vector<float> y(n);
  for (uint32_t i = 0; i < n; ++i) {
    x[i] = static_cast<float>(i) * 0.5F;
    y[i] = 3.0F - static_cast<float>(i);
  }
  uint64_t a = sim.upload(x);
  uint64_t b = sim.upload(y);
  uint64_t c = sim.upload(std::vector<float>(n + 24, -7.0F), "out");
  auto report = sim.arg(a).arg(b).arg(c).arg(n).launch("add", 8, 128);
  EXPECT_EQ(findingsOf(report), "");
  std::vector<float> z = sim.download<float>(c, n + 24);
  for (uint32_t i = 0; i < n; ++i)
    EXPECT_EQ(z[i], 3.0F - static_cast<float>(i) * 0.5F);
  for (uint32_t i = n; i < n + 24; ++i)
    EXPECT_EQ(z[i], -7.0F);
}

TEST(VectorAddTest, aLongerArrayThanTheBufferIsReported) {
  SimKernel sim(kVectorAdd);
  uint64_t a = sim.upload(std::vector<float>(64));
  uint64_t b = sim.upload(std::vector<float>(60), "short");
  uint64_t c = sim.upload(std::vector<float>(64), "out");
  auto report = sim.arg(a).arg(b).arg(c).arg(64U).launch("add", 1, 64);
  ASSERT_EQ(report.findings.size(), 1U);
  const Finding &finding = report.findings[0];
  EXPECT_EQ(finding.kind, FindingKind::OutOfBounds);
  EXPECT_EQ(finding.place, "test.ptx:27");
  EXPECT_EQ(finding.warp, 1U);
  EXPECT_EQ(finding.lanes, 0xf0000000U);
  EXPECT_EQ(finding.detail,
            "a load of 4 bytes at 0 bytes behind the 240 of short");
}

} // namespace
} // namespace sluice::sim
