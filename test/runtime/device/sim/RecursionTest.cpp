// Functions that call themselves, lanes of a warp to different depths.

#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {
namespace {

/// Calls `function` with the register `argument` into `result`.
std::string call(const std::string &function, const std::string &argument,
                 const std::string &result) {
  return "  {\n  .param .b32 p;\n  .param .b32 q;\n  st.param.b32 [p], " +
         argument + ";\n  call (q), " + function + ", (p);\n  ld.param.b32 " +
         result + ", [q];\n  }\n";
}

std::string function(const std::string &name, const std::string &body) {
  return ".func (.param .b32 r) " + name + "(.param .b32 a)\n{\n" +
         "  .local .align 4 .b8 own[8];\n  .reg .pred %p<3>;\n"
         "  .reg .b32 %r<10>;\n  ld.param.b32 %r1, [a];\n" +
         body + "$end:\n  st.param.b32 [r], %r2;\n  ret;\n}\n";
}

/// k(out): out[t] = `name`(t % modulus).
std::string kernel(const std::string &name, uint32_t modulus) {
  return ".visible .entry k(.param .u64 out)\n{\n  .reg .b32 %r<4>;\n"
         "  .reg .b64 %rd<3>;\n  ld.param.u64 %rd1, [out];\n"
         "  mov.u32 %r1, %tid.x;\n  mul.wide.u32 %rd2, %r1, 4;\n"
         "  add.u64 %rd1, %rd1, %rd2;\n  rem.u32 %r2, %r1, " +
         std::to_string(modulus) + ";\n" + call(name, "%r2", "%r3") +
         "  st.global.u32 [%rd1], %r3;\n  ret;\n}\n";
}

template <typename F>
void expectOfEach(const std::string &functions, const std::string &name,
                  uint32_t modulus, F wanted) {
  for (Schedule schedule :
       {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random})
    for (Checks checks : {Checks{}, Checks::all()}) {
      SimKernel sim(functions + kernel(name, modulus));
      ASSERT_TRUE(sim.loaded()) << sim.error();
      uint64_t out = sim.reserve<uint32_t>(64);
      sim.options.checks = checks;
      sim.options.schedule = schedule;
      EXPECT_EQ(findingsOf(sim.arg(out).launch("k", 1, 64)), "");
      auto got = sim.download<uint32_t>(out, 64);
      for (uint32_t t = 0; t < 64; ++t)
        EXPECT_EQ(got[t], wanted(t % modulus)) << t;
    }
}

const std::string kUnless0 = "  mov.u32 %r2, 0;\n  setp.eq.u32 %p1, %r1, 0;\n"
                             "  @%p1 bra $end;\n";

TEST(RecursionTest, sumsToDifferentDepths) {
  expectOfEach(function("sum", kUnless0 + "  sub.u32 %r3, %r1, 1;\n" +
                                   call("sum", "%r3", "%r4") +
                                   "  add.u32 %r2, %r4, %r1;\n"),
               "sum", 7, [](uint32_t n) { return n * (n + 1) / 2; });
}

TEST(RecursionTest, lanesGoDeepApart) {
  // Each half is 600 calls deep: together they are more than one may be.
  expectOfEach(function("count", kUnless0 + "  sub.u32 %r3, %r1, 1;\n" +
                                     call("count", "%r3", "%r4") +
                                     "  add.u32 %r2, %r4, 1;\n") +
                   function("deep", "  setp.lt.u32 %p1, %r1, 16;\n"
                                    "  @%p1 bra $other;\n" +
                                        call("count", "600", "%r2") +
                                        "  bra $end;\n$other:\n" +
                                        call("count", "601", "%r2")),
               "deep", 32, [](uint32_t n) { return n < 16 ? 601 : 600; });
}

uint32_t fibonacci(uint32_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

TEST(RecursionTest, twoCallsKeepWhatIsBetweenThem) {
  expectOfEach(function("fib", "  mov.u32 %r2, %r1;\n  setp.lt.u32 %p1, %r1, 2;"
                               "\n  @%p1 bra $end;\n  sub.u32 %r3, %r1, 1;\n"
                               "  sub.u32 %r4, %r1, 2;\n" +
                                   call("fib", "%r3", "%r5") +
                                   call("fib", "%r4", "%r6") +
                                   "  add.u32 %r2, %r5, %r6;\n"),
               "fib", 9, fibonacci);
}

TEST(RecursionTest, functionsCallEachOther) {
  expectOfEach(".func (.param .b32 r) odd(.param .b32 a);\n" +
                   function("even", "  mov.u32 %r2, 1;\n"
                                    "  setp.eq.u32 %p1, %r1, 0;\n"
                                    "  @%p1 bra $end;\n"
                                    "  sub.u32 %r3, %r1, 1;\n" +
                                        call("odd", "%r3", "%r2")) +
                   function("odd", kUnless0 + "  sub.u32 %r3, %r1, 1;\n" +
                                       call("even", "%r3", "%r2")),
               "even", 6, [](uint32_t n) { return n % 2 == 0 ? 1U : 0U; });
}

TEST(RecursionTest, localMemoryIsOfEachCall) {
  expectOfEach(function("deep", kUnless0 +
                                    "  st.local.u32 [own+4], %r1;\n"
                                    "  sub.u32 %r3, %r1, 1;\n" +
                                    call("deep", "%r3", "%r4") +
                                    "  ld.local.u32 %r5, [own+4];\n"
                                    "  mad.lo.u32 %r2, %r4, 10, %r5;\n"),
               "deep", 5, [](uint32_t n) {
                 uint32_t digits = 0;
                 for (uint32_t i = 1; i <= n; ++i)
                   digits = digits * 10 + i;
                 return digits;
               });
}

TEST(RecursionTest, predicatesAndWideRegistersAreKept) {
  expectOfEach(function("wide", "  .reg .b64 %rd<3>;\n  .reg .b16 %h<2>;\n" +
                                    kUnless0 +
                                    "  mul.wide.u32 %rd1, %r1, 0x40000001;\n"
                                    "  cvt.u16.u32 %h1, %r1;\n"
                                    "  setp.gt.u32 %p2, %r1, 2;\n"
                                    "  sub.u32 %r3, %r1, 1;\n" +
                                    call("wide", "%r3", "%r4") +
                                    "  shr.u64 %rd2, %rd1, 30;\n"
                                    "  cvt.u32.u64 %r5, %rd2;\n"
                                    "  cvt.u32.u16 %r6, %h1;\n"
                                    "  add.u32 %r2, %r5, %r6;\n"
                                    "  @%p2 add.u32 %r2, %r2, 100;\n"
                                    "  add.u32 %r2, %r2, %r4;\n"),
               "wide", 6, [](uint32_t n) {
                 uint32_t sum = 0;
                 for (uint32_t i = 1; i <= n; ++i)
                   sum += 2 * i + (i > 2 ? 100 : 0);
                 return sum;
               });
}

TEST(RecursionTest, whatAnInnerCallLeavesUndefinedIsNotTheOuterOnes) {
  // At depth 0, %r7 becomes what nobody wrote; further up it is the depth.
  expectOfEach(function("inner", "  mov.u32 %r2, 0;\n  mov.u32 %r7, %r8;\n"
                                 "  setp.eq.u32 %p1, %r1, 0;\n"
                                 "  @%p1 bra $end;\n  mov.u32 %r7, %r1;\n"
                                 "  sub.u32 %r3, %r1, 1;\n" +
                                     call("inner", "%r3", "%r4") +
                                     "  add.u32 %r2, %r4, %r7;\n"
                                     "  setp.gt.u32 %p2, %r7, 1;\n"
                                     "  @%p2 add.u32 %r2, %r2, 1;\n"),
               "inner", 4, [](uint32_t n) {
                 return n * (n + 1) / 2 + (n > 1 ? n - 1 : 0);
               });
}

/// What the findings are of a thread that stores f(argument), or of one that
/// gives f none.
std::string findingsOfCall(const std::string &text, bool gives) {
  SimKernel sim(text +
                ".visible .entry k(.param .u64 out)\n{\n"
                "  .reg .b32 %r;\n  .reg .b64 %rd;\n"
                "  .param .b32 p;\n  .param .b32 q;\n"
                "  ld.param.u64 %rd, [out];\n" +
                (gives ? "  st.param.b32 [p], 3;\n" : "") +
                "  call (q), f, (p);\n  ld.param.b32 %r, [q];\n"
                "  st.global.u32 [%rd], %r;\n  ret;\n}\n");
  EXPECT_TRUE(sim.loaded()) << sim.error();
  sim.options.checks = Checks::all();
  return findingsOf(sim.arg(sim.reserve<uint32_t>(1)).launch("k", 1, 1));
}

TEST(RecursionTest, whatOnlyAnInnerCallWroteIsUnwrittenInTheOuterOne) {
  // The call with 1 stores; it, or all others, load after their own calls.
  auto with = [](const std::string &loads, const std::string &others) {
    return findingsOfCall(
        function("f", kUnless0 +
                          "  sub.u32 %r3, %r1, 1;\n"
                          "  setp.eq.u32 %p2, %r1, 1;\n"
                          "  @%p2 st.local.u32 [own], %r1;\n" +
                          call("f", "%r3", "%r4") + loads +
                          " ld.local.u32 %r5, [own];\n" + others +
                          " mov.u32 %r5, 1;\n"
                          "  add.u32 %r2, %r4, %r5;\n"),
        true);
  };
  EXPECT_EQ(with("@%p2", "@!%p2"), "");
  EXPECT_NE(with("@!%p2", "@%p2").find("nobody wrote"), std::string::npos);
}

TEST(RecursionTest, argumentsAndResultsThatNobodyWroteAreFound) {
  for (bool recursive : {false, true})
    for (bool gives : {false, true}) {
      std::string text = ".func (.param .b32 r) f(.param .b32 a)\n{\n"
                         "  .reg .b32 %r<3>;\n  ld.param.b32 %r1, [a];\n";
      text += gives ? "" : "  st.param.b32 [r], %r1;\n";
      text += "  bra $end;\n";
      text += recursive ? call("f", "%r1", "%r2") : "";
      std::string findings = findingsOfCall(text + "$end:\n  ret;\n}\n", gives);
      EXPECT_NE(findings.find("nobody wrote"), std::string::npos) << findings;
    }
}

TEST(RecursionTest, lanesMayExitOnTheirWay) {
  // Those that begin with an odd number exit at depth 1, with out unwritten.
  SimKernel sim(function("leave", kUnless0 +
                                      "  setp.eq.u32 %p2, %r1, 1;\n"
                                      "  @%p2 exit;\n  sub.u32 %r3, %r1, 2;\n" +
                                      call("leave", "%r3", "%r4") +
                                      "  add.u32 %r2, %r4, 2;\n") +
                kernel("leave", 9));
  ASSERT_TRUE(sim.loaded()) << sim.error();
  std::vector<uint32_t> before(64, 77);
  uint64_t out = sim.upload(before, "out");
  sim.options.checks = Checks::all();
  EXPECT_EQ(findingsOf(sim.arg(out).launch("k", 1, 64)), "");
  auto got = sim.download<uint32_t>(out, 64);
  for (uint32_t t = 0; t < 64; ++t)
    EXPECT_EQ(got[t], t % 9 % 2 == 1 ? 77 : t % 9) << t;
}

} // namespace
} // namespace sluice::sim
