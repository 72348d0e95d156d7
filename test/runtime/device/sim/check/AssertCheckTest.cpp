// assert(), which compilers turn into a call of __assertfail.

#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

/// k(out): asserts tid < limit, then stores it.
std::string asserting(uint32_t limit, const std::string &function,
                      const std::string &arguments) {
  return ".extern .func " + function + R"((
  .param .b64 a0, .param .b64 a1, .param .b32 a2, .param .b64 a3,
  .param .b64 a4);
.global .align 1 .b8 condition[9] = {105, 32, 60, 32, 108, 34, 10, 33, 0};
.global .align 1 .b8 source[5] = {97, 46, 99, 117, 0};
.visible .entry k(.param .u64 out)
{
  .reg .pred %p;
  .reg .b32 %r<4>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p, %r1, )" +
         std::to_string(limit) + R"(;
  @%p bra $ok;
  mov.u64 %rd2, condition;
  cvta.global.u64 %rd2, %rd2;
  mov.u64 %rd3, source;
  cvta.global.u64 %rd3, %rd3;
  {
  .param .b64 p0;
  .param .b64 p1;
  .param .b32 p2;
  .param .b64 p3;
  .param .b64 p4;
  st.param.b64 [p0], %rd2;
  st.param.b64 [p1], %rd3;
  st.param.b32 [p2], 42;
  st.param.b64 [p3], %rd3;
  st.param.b64 [p4], 1;
  call.uni )" +
         function + ", (" + arguments + R"();
  }
$ok:
  mul.wide.u32 %rd4, %r1, 4;
  add.u64 %rd4, %rd4, %rd1;
  st.global.u32 [%rd4], %r1;
  ret;
}
)";
}

std::string ran(uint32_t limit) {
  SimKernel sim(asserting(limit, "__assertfail", "p0, p1, p2, p3, p4"));
  EXPECT_TRUE(sim.loaded()) << sim.error();
  sim.options.checks = Checks::all();
  uint64_t out = sim.reserve<uint32_t>(32);
  return findingsOf(sim.arg(out).launch("k", 1, 32));
}

TEST(AssertCheckTest, oneThatHoldsIsSilent) { EXPECT_EQ(ran(32), ""); }

TEST(AssertCheckTest, oneThatFailsIsATrapWithItsTextAndPlace) {
  std::string findings = ran(30);
  EXPECT_NE(
      findings.find("the assertion \"i < l\\\"\\x0a!\" failed, in line 42 of "
                    "\"a.cu\""),
      std::string::npos)
      << findings;
  EXPECT_NE(findings.find("0xc0000000"), std::string::npos) << findings;
}

TEST(AssertCheckTest, wrongArgumentsAndOtherFunctionsAreRefused) {
  struct Case {
    const char *function, *arguments, *says;
  };
  for (const auto &[function, arguments, says] :
       {Case{"__assertfail", "p0, p1, p2, p3",
             "expected the 5 arguments of __assertfail, found 4"},
        Case{"__assertfail", "p0, p1, p3, p3, p4",
             "expected a .param variable of 4 bytes for the argument 3"},
        Case{"other", "p0, p1, p2, p3, p4", "other has no body"}}) {
    SimKernel sim(asserting(30, function, arguments));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    auto info = sim.simulator.kernel(*sim.module, "k");
    ASSERT_FALSE(info.ok());
    EXPECT_NE(info.status().message().find(says), std::string::npos)
        << info.status().message();
  }
}

} // namespace
} // namespace sluice::sim
