// Registers and memory that nobody wrote.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

/// d = a * b + 0, where lane 5 of a0 or lane 9 of b0 is not written: row 1 of
/// a, which is in lanes 4 to 7 of d0 and d1, or column 2 of b, which is in
/// every fourth lane from 1 on. Lanes for which %p2 holds store `stored`.
std::string product(const std::string &hole, const std::string &lanes,
                    const std::string &stored) {
  std::string text = "  .reg .b32 %a<4>;\n  .reg .b32 %b<2>;\n"
                     "  .reg .f32 %f<4>;\n  .reg .f32 %z;\n"
                     "  mov.f32 %z, 0f00000000;\n";
  for (const char *name : {"%a0", "%a1", "%a2", "%a3", "%b0", "%b1"}) {
    if (name == hole)
      text += std::string("  setp.ne.u32 %p1, %r1, ") +
              (hole == "%a0" ? "5" : "9") + ";\n  @%p1";
    text += std::string("  mov.b32 ") + name + ", 0;\n";
  }
  return text +
         "  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
         "{%f0,%f1,%f2,%f3}, {%a0,%a1,%a2,%a3}, {%b0,%b1}, {%z,%z,%z,%z};\n  " +
         lanes + "\n  @%p2 st.global.f32 [%rd5], " + stored + ";";
}
const std::string kRow1 = "shr.u32 %r6, %r1, 2;\n  setp.eq.u32 %p2, %r6, 1;";
const std::string kNotRow1 = "shr.u32 %r6, %r1, 2;\n  setp.ne.u32 %p2, %r6, 1;";
const std::string kColumn2 = "and.b32 %r6, %r1, 3;\n  setp.eq.u32 %p2, %r6, 1;";
const std::string kNotColumn2 =
    "and.b32 %r6, %r1, 3;\n  setp.ne.u32 %p2, %r6, 1;";
const std::string kAll = "setp.lt.u32 %p2, %r1, 32;";

using enum FindingKind;
const CheckCase kCases[] = {
    {"registerThatNobodyWrote",
     "  st.global.u32 [%rd5], %r12;",
     1,
     32,
     {Uninitialised},
     "stores a value"},
    {"predicateThatNobodyWrote",
     "  @%p5 st.global.u32 [%rd5], %r1;",
     1,
     32,
     {Uninitialised},
     "whether it runs"},
    {"addressThatNobodyWrote",
     R"(
  mul.lo.u64 %rd9, %rd10, 0;
  add.u64 %rd9, %rd9, %rd1;
  ld.global.u32 %r6, [%rd9];)",
     1,
     32,
     {Uninitialised},
     "the address"},
    {"sharedMemoryThatNobodyWrote",
     R"(
  ld.shared.u32 %r6, [%r5];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {Uninitialised}},
    {"globalMemoryThatNobodyWrote",
     R"(
  ld.global.u32 %r6, [%rd5];
  add.u32 %r6, %r6, 1;
  st.global.u32 [%rd4], %r6;)",
     1,
     32,
     {Uninitialised}},
    {"vectorWithAnElementThatNobodyWrote",
     R"(
  shl.b32 %r8, %r3, 1;
  add.u32 %r8, %r4, %r8;
  st.shared.u32 [%r8], %r1;
  ld.shared.v2.u32 {%r6, %r7}, [%r8];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {Uninitialised}},
    {"vectorWhoseOtherElementIsUsed",
     R"(
  shl.b32 %r8, %r3, 1;
  add.u32 %r8, %r4, %r8;
  st.shared.u32 [%r8], %r1;
  ld.shared.v2.u32 {%r6, %r7}, [%r8];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {}},
    {"undefinedThroughLocalMemory",
     R"(
  .local .align 4 .b8 own[8];
  st.local.u32 [own+4], %r12;
  ld.local.u32 %r6, [own+4];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {Uninitialised}},
    {"definedAgainInLocalMemory",
     R"(
  .local .align 4 .b8 own[8];
  st.local.u32 [own+4], %r12;
  st.local.u32 [own+4], %r1;
  ld.local.u32 %r6, [own+4];
  st.global.u32 [%rd5], %r6;)",
     1,
     32,
     {}},
    {"byteCopiedWithWhatFollows",
     R"(
  st.shared.u8 [%r5], %r1;
  ld.shared.u32 %r6, [%r5];
  st.shared.u32 [%r5+256], %r6;
  ld.shared.u8 %r7, [%r5+256];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {}},
    {"whatFollowsACopiedByte",
     R"(
  st.shared.u8 [%r5], %r1;
  ld.shared.u32 %r6, [%r5];
  st.shared.u32 [%r5+256], %r6;
  ld.shared.u8 %r7, [%r5+258];
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {Uninitialised}},
    {"unwrittenButNotChosen",
     R"(
  setp.lt.u32 %p1, %r1, 16;
  @%p1 ld.global.u32 %r6, [%rd4];
  selp.b32 %r7, %r6, 0, %p1;
  st.global.u32 [%rd5], %r7;)",
     1,
     32,
     {}},
    {"unwrittenButMovedOnly",
     R"(
  ld.shared.u32 %r6, [%r5];
  st.shared.u32 [%r5+256], %r6;)",
     1,
     32,
     {}},
    {"productOfARowThatNobodyWrote",
     product("%a0", kRow1, "%f1"),
     1,
     32,
     {Uninitialised}},
    {"productOfTheOtherRows", product("%a0", kNotRow1, "%f1"), 1, 32, {}},
    {"productOfTheLowerRows", product("%a0", kAll, "%f2"), 1, 32, {}},
    {"productOfAColumnThatNobodyWrote",
     product("%b0", kColumn2, "%f2"),
     1,
     32,
     {Uninitialised}},
    {"productOfTheOtherColumns", product("%b0", kNotColumn2, "%f2"), 1, 32, {}},
    {"productOfAllThatIsWritten", product("", kAll, "%f3"), 1, 32, {}},
};

INSTANTIATE_TEST_SUITE_P(Unwritten, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

} // namespace
} // namespace sluice::sim
