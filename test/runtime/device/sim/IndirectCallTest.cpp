#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

/// k(out): thread t calls what `table` has at t % 3 with t and 7, and stores
/// the result. `add` calls itself, for that a function may.
std::string calling(const std::string &select, const std::string &target) {
  return R"(
.func (.param .b32 r) add(.param .b32 a, .param .b32 b);
.func (.param .b32 r) multiply(.param .b32 a, .param .b32 b)
{
  .reg .b32 %r<4>;
  ld.param.b32 %r1, [a];
  ld.param.b32 %r2, [b];
  mul.lo.u32 %r3, %r1, %r2;
  st.param.b32 [r], %r3;
  ret;
}
.func (.param .b32 r) other(.param .b32 a)
{
  .reg .b32 %r<2>;
  ld.param.b32 %r1, [a];
  st.param.b32 [r], %r1;
  ret;
}
.extern .func outside;
.func (.param .b32 r) leaves(.param .b32 a, .param .b32 b)
{
  call outside;
  ret;
}
.global .align 8 .u64 table[5] = {add, multiply, add, other, leaves};
.func (.param .b32 r) add(.param .b32 a, .param .b32 b)
{
  .reg .pred %p;
  .reg .b32 %r<5>;
  .reg .b64 %rd;
  ld.param.b32 %r1, [a];
  ld.param.b32 %r2, [b];
  setp.eq.u32 %p, %r2, 0;
  @%p bra $end;
  add.u32 %r1, %r1, 1;
  sub.u32 %r2, %r2, 1;
  mov.u64 %rd, add;
  {
  .param .b32 p0;
  .param .b32 p1;
  .param .b32 q;
  st.param.b32 [p0], %r1;
  st.param.b32 [p1], %r2;
  two : .callprototype (.param .b32 _) _ (.param .b32 _, .param .b32 _);
  call (q), %rd, (p0, p1), two;
  ld.param.b32 %r1, [q];
  }
$end:
  st.param.b32 [r], %r1;
  ret;
}
.visible .entry k(.param .u64 out)
{
  .reg .pred %p<3>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd1, %rd1, %rd2;
  rem.u32 %r2, %r1, 3;
  )" + select +
         R"(
  mul.wide.u32 %rd3, %r2, 8;
  mov.u64 %rd4, table;
  add.u64 %rd3, %rd3, %rd4;
  ld.global.u64 %rd5, [%rd3];
  )" + target +
         R"(
  mov.u32 %r4, 99;
  setp.ne.u32 %p1, %r1, 5;
  {
  .param .b32 p0;
  .param .b32 p1;
  .param .b32 q;
  st.param.b32 [p0], %r1;
  st.param.b32 [p1], 7;
  st.param.b32 [q], 99;
  two : .callprototype (.param .b32 _) _ (.param .b32 _, .param .b32 _);
  @%p1 call (q), %rd5, (p0, p1), two;
  ld.param.b32 %r4, [q];
  }
  bar.sync 0;
  st.global.u32 [%rd1], %r4;
  ret;
}
)";
}

LaunchReport launched(SimKernel &sim, Schedule schedule, uint64_t out) {
  sim.options.checks = Checks::all();
  sim.options.schedule = schedule;
  return sim.arg(out).launch("k", 2, 64);
}

TEST(IndirectCallTest, eachLaneGoesWhereItPoints) {
  for (Schedule schedule :
       {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random}) {
    SimKernel sim(calling("", ""));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    uint64_t out = sim.reserve<uint32_t>(64);
    sim.options.checks = Checks::all();
    sim.options.schedule = schedule;
    EXPECT_EQ(findingsOf(sim.arg(out).launch("k", 1, 64)), "");
    auto got = sim.download<uint32_t>(out, 64);
    for (uint32_t t = 0; t < 64; ++t)
      EXPECT_EQ(got[t], t == 5 ? 99 : t % 3 == 1 ? t * 7 : t + 7) << t;
  }
}

TEST(IndirectCallTest, whatIsNoFunctionIsFound) {
  struct Case {
    const char *select, *target, *says;
    FindingKind kind;
  };
  for (const auto &[select, target, says, kind] : {
           Case{"mov.u32 %r2, 3;", "",
                "no function of this file that takes these arguments",
                FindingKind::OutOfBounds}, // `other` has one
           Case{"mov.u32 %r2, 4;", "", "no function of this file",
                FindingKind::OutOfBounds}, // it cannot run `outside`
           Case{"", "add.u64 %rd5, %rd5, 1;",
                "no function of this file that takes these arguments",
                FindingKind::OutOfBounds},
           Case{"", "mov.u64 %rd5, %rd6;", "what it calls depends on",
                FindingKind::Uninitialised},
           Case{"", "ld.global.u8 %r4, [%rd5];", "", FindingKind::OutOfBounds},
       }) {
    SimKernel sim(calling(select, target));
    ASSERT_TRUE(sim.loaded()) << sim.error();
    auto report =
        launched(sim, Schedule::RoundRobin, sim.reserve<uint32_t>(64));
    ASSERT_FALSE(report.findings.empty()) << select << target;
    EXPECT_EQ(report.findings[0].kind, kind) << findingsOf(report);
    EXPECT_NE(findingsOf(report).find(says), std::string::npos)
        << findingsOf(report);
  }
}

TEST(IndirectCallTest, functionsAreNoVariables) {
  SimKernel sim(calling("", ""));
  ASSERT_TRUE(sim.loaded()) << sim.error();
  EXPECT_TRUE(sim.simulator.symbol(*sim.module, "table").ok());
  EXPECT_FALSE(sim.simulator.symbol(*sim.module, "add").ok());
}

TEST(IndirectCallTest, wrongCallsAreRefused) {
  SimKernel undeclared(calling("", "mov.u64 %rd5, nothing;"));
  ASSERT_TRUE(undeclared.loaded()) << undeclared.error();
  auto info = undeclared.simulator.kernel(*undeclared.module, "k");
  ASSERT_FALSE(info.ok());
  EXPECT_NE(info.status().message().find("nothing is not declared"),
            std::string::npos)
      << info.status().message();
}

} // namespace
} // namespace sluice::sim
