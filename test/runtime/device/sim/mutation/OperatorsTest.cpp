#include "test/runtime/device/sim/mutation/Operators.h"
#include "test/runtime/device/sim/mutation/Survivors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sim::mutation {
namespace {

using testing::ElementsAre;

std::vector<std::string> keysOf(const std::string &body) {
  std::string text = ".version 8.0\n.target sm_80\n.entry k(.param .u64 a)\n{\n"
                     ".reg .b32 %r<9>;\n.shared .b8 s[64];\n$loop:\n" +
                     body + "\n}\n";
  auto mutants = mutantsOf(text, "test.ptx");
  EXPECT_TRUE(mutants.ok()) << mutants.status().message();
  std::vector<std::string> keys;
  for (const Mutant &mutant : *mutants) {
    // What is applied is what is said.
    std::string applied = mutant.applied(text);
    EXPECT_EQ(applied.size(), text.size() - (mutant.end - mutant.begin) +
                                  mutant.replacement.size());
    if (!mutant.after.empty()) {
      EXPECT_NE(applied.find(mutant.after), std::string::npos) << applied;
    }
    keys.push_back(mutant.key());
  }
  return keys;
}

TEST(Mutation, NothingToDo) {
  EXPECT_THAT(keysOf("add.s32 %r1, %r2, 3;\n bra $loop;\n ret;"),
              ElementsAre());
}

TEST(Mutation, CopiesAndTheirWaits) {
  EXPECT_THAT(
      keysOf("cp.async.commit_group;\ncp.async.wait_group 1;\n"
             "cp.async.wait_all;"),
      ElementsAre("delete-commit | cp.async.commit_group;",
                  "delete-wait | cp.async.wait_group 1;",
                  "longer-wait | cp.async.wait_group 1; => cp.async.wait_group "
                  "2;",
                  "delete-wait | cp.async.wait_all;"));
}

TEST(Mutation, TheSecondOfTwoIsNumbered) {
  EXPECT_THAT(
      keysOf("membar.gl; membar.gl;"),
      ElementsAre("delete-fence | membar.gl;", "delete-fence | membar.gl; #2"));
}

TEST(Mutation, Barriers) {
  EXPECT_THAT(
      keysOf("bar.sync 15, 64;\n@%p1 bar.arrive 2, %r1;\nbar.warp.sync -1;"),
      ElementsAre("delete-barrier | bar.sync 15, 64;",
                  "other-barrier | bar.sync 15, 64; => bar.sync 0, 64;",
                  "other-barrier | bar.sync 15, 64; => bar.sync 15, 96;",
                  "delete-arrive | @%p1 bar.arrive 2, %r1;",
                  "other-barrier | @%p1 bar.arrive 2, %r1; => @%p1 bar.arrive "
                  "3, %r1;",
                  "drop-guard | @%p1 bar.arrive 2, %r1;",
                  "delete-barrier | bar.warp.sync -1;"));
}

TEST(Mutation, Mbarriers) {
  EXPECT_THAT(
      keysOf("mbarrier.init.shared.b64 [%r1], %r2;\n"
             "mbarrier.try_wait.parity.shared.b64 p, [%r1+8], %r2;"),
      ElementsAre(
          "other-barrier | mbarrier.init.shared.b64 [%r1], %r2; => { .reg .u32 "
          "more; add.u32 more, %r2, 1; mbarrier.init.shared.b64 [%r1], more; }",
          "other-address | mbarrier.init.shared.b64 [%r1], %r2; => "
          "mbarrier.init.shared.b64 [%r1+8], %r2;",
          "delete-wait | mbarrier.try_wait.parity.shared.b64 p, [%r1+8], %r2;",
          "other-address | mbarrier.try_wait.parity.shared.b64 p, [%r1+8], "
          "%r2; => mbarrier.try_wait.parity.shared.b64 p, [%r1+16], %r2;"));
}

TEST(Mutation, FragmentsSwapTheFirstTwoThatDiffer) {
  EXPECT_THAT(
      keysOf("mma.x {%r1, %r2}, {%r3, %r3, %r4}, {%r5, %r5}, {%r6};"),
      ElementsAre("swap-fragment | mma.x {%r1, %r2}, {%r3, %r3, %r4}, {%r5, "
                  "%r5}, {%r6}; => mma.x {%r2, %r1}, {%r3, %r3, %r4}, {%r5, "
                  "%r5}, {%r6};",
                  "swap-fragment | mma.x {%r1, %r2}, {%r3, %r3, %r4}, {%r5, "
                  "%r5}, {%r6}; => mma.x {%r1, %r2}, {%r4, %r3, %r3}, {%r5, "
                  "%r5}, {%r6};"));
}

TEST(Mutation, AddressesMoveByOneAccess) {
  EXPECT_THAT(
      keysOf("@!%p2 ld.global.v4.b32 {%r1,%r2,%r3,%r4}, [%rd1+-16];\n"
             "cp.async.cg.shared.global [%r1], [s], 16, %r2;"),
      ElementsAre(
          "drop-guard | @!%p2 ld.global.v4.b32 {%r1,%r2,%r3,%r4}, [%rd1+-16];",
          "other-address | @!%p2 ld.global.v4.b32 {%r1,%r2,%r3,%r4}, "
          "[%rd1+-16]; => @!%p2 ld.global.v4.b32 {%r1,%r2,%r3,%r4}, [%rd1+0];",
          "other-address | cp.async.cg.shared.global [%r1], [s], 16, %r2; => "
          "cp.async.cg.shared.global [%r1+16], [s], 16, %r2;",
          "other-address | cp.async.cg.shared.global [%r1], [s], 16, %r2; => "
          "cp.async.cg.shared.global [%r1], [s+16], 16, %r2;"));
}

TEST(Survivors, AreRead) {
  auto reasons = readSurvivors("# nothing\n\nscan | drop-guard | @%p1 ret; | "
                               "equivalent: never false\n",
                               "list");
  ASSERT_TRUE(reasons.ok()) << reasons.status().message();
  ASSERT_EQ(reasons->size(), 1U);
  EXPECT_EQ(reasons->front().mutant, "drop-guard | @%p1 ret;");
  EXPECT_TRUE(reasons->front().equivalent);
  EXPECT_EQ(reasons->front().line, 3U);
}

TEST(Survivors, NeedAReason) {
  for (const char *line :
       {"scan | drop-guard | ret;", "scan | drop-guard | ret; | fine",
        "scan | drop-guard | ret; | equivalent: ",
        "a | b | c | known limit: some words\na | b | c | known limit: again "
        "it"})
    EXPECT_FALSE(readSurvivors(line, "list").ok()) << line;
}

} // namespace
} // namespace sluice::sim::mutation
