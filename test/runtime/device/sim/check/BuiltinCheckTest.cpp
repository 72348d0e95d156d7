// assert() and printf(), which compilers turn into calls of __assertfail and
// vprintf.

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

TEST(BuiltinCheckTest, anAssertionThatHoldsIsSilent) { EXPECT_EQ(ran(32), ""); }

TEST(BuiltinCheckTest, oneThatFailsIsATrapWithItsTextAndPlace) {
  std::string findings = ran(30);
  EXPECT_NE(
      findings.find("the assertion \"i < l\\\"\\x0a!\" failed, in line 42 of "
                    "\"a.cu\""),
      std::string::npos)
      << findings;
  EXPECT_NE(findings.find("0xc0000000"), std::string::npos) << findings;
}

/// k(out): lanes 3 and 5 print "%u %u\n" from a buffer of 8 bytes, or 4.
std::string printing(const std::string &format, const std::string &bytes) {
  return R"(
.extern .func (.param .b32 r0) vprintf(.param .b64 a0, .param .b64 a1);
.global .align 1 .b8 format[7] = {37, 117, 32, 37, 117, 10, 0};
.visible .entry k(.param .u64 out)
{
  .local .align 4 .b8 other[12];
  .local .align 4 .b8 buffer[)" +
         bytes + R"(];
  .reg .pred %p<2>;
  .reg .b32 %r<4>;
  .reg .b64 %rd<8>;
  mov.u32 %r1, %tid.x;
  mov.u64 %rd2, buffer;
  cvta.local.u64 %rd3, %rd2;
  st.local.u32 [%rd2], %r1;
  )" + (bytes == "8" ? "st.local.u32 [%rd2+4], %r1;" : "") +
         R"(
  mov.u64 %rd4, format;
  cvta.global.u64 %rd4, %rd4;
  setp.ne.u32 %p1, %r1, 3;
  setp.ne.and.u32 %p1, %r1, 5, %p1;
  @%p1 bra $done;
  {
  .param .b64 p0;
  .param .b64 p1;
  .param .b32 r;
  st.param.b64 [p0], )" +
         format + R"(;
  st.param.b64 [p1], %rd3;
  call.uni (r), vprintf, (p0, p1);
  }
$done:
  ret;
}
)";
}

TEST(BuiltinCheckTest, printfIsOfEachLane) {
  SimKernel sim(printing("%rd4", "8"));
  ASSERT_TRUE(sim.loaded()) << sim.error();
  auto report = sim.arg(sim.reserve<uint32_t>(1)).launch("k", 2, 32);
  EXPECT_EQ(report.printed, "3 3\n5 5\n3 3\n5 5\n");
  EXPECT_FALSE(report.printedIsCut);
}

TEST(BuiltinCheckTest, printfReadsNothingBeyondItsArguments) {
  struct Case {
    const char *format, *bytes, *says;
  };
  for (const auto &[format, bytes, says] :
       {Case{"4660", "8", "no format of printf at 0x1234"},
        Case{"%rd4", "4", "asks for more than its arguments hold"}}) {
    SimKernel sim(printing(format, bytes));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    auto report = sim.arg(sim.reserve<uint32_t>(1)).launch("k", 1, 32);
    ASSERT_FALSE(report.findings.empty());
    EXPECT_EQ(report.findings[0].kind, FindingKind::OutOfBounds);
    EXPECT_NE(findingsOf(report).find(says), std::string::npos)
        << findingsOf(report);
  }
}

TEST(BuiltinCheckTest, wrongArgumentsAndOtherFunctionsAreRefused) {
  struct Case {
    const char *function, *arguments, *says;
  };
  for (const auto &[function, arguments, says] :
       {Case{"__assertfail", "p0, p1, p2, p3",
             "expected 5 arguments, found 4 of them and 0 results"},
        Case{"__assertfail", "p0, p1, p3, p3, p4",
             "expected a .param variable of 4 bytes"},
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
