#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

const char *const kWait = R"(
.visible .entry wait(.param .u64 out)
{
  .reg .pred %p;
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 8;
  add.u64 %rd1, %rd1, %rd2;
  mov.u64 %rd3, CLOCK;
$again:
  mov.u64 %rd4, CLOCK;
  sub.u64 %rd5, %rd4, %rd3;
  setp.lt.u64 %p, %rd5, 100000;
  @%p bra $again;
  st.global.u64 [%rd1], %rd5;
  ret;
}
)";

TEST(ClockTest, aLoopThatWaitsForTimeToPassEnds) {
  for (std::string clock : {"%clock64", "%globaltimer"}) {
    std::string text = kWait;
    for (size_t at; (at = text.find("CLOCK")) != std::string::npos;)
      text.replace(at, 5, clock);
    SimKernel sim(text);
    ASSERT_TRUE(sim.loaded()) << sim.error();
    uint64_t out = sim.reserve<uint64_t>(64);
    sim.options.checks = Checks::all();
    auto report = sim.arg(out).launch("wait", 1, 64);
    EXPECT_EQ(findingsOf(report), "");
    for (uint64_t waited : sim.download<uint64_t>(out, 64)) {
      EXPECT_GE(waited, 100000U);
      EXPECT_LT(waited, 200000U);
    }
  }
}

} // namespace
} // namespace sluice::sim
