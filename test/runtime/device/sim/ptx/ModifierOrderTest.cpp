#include "runtime/device/sim/ptx/OpcodeTable.h"
#include "runtime/device/sim/ptx/Parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

Result<std::unique_ptr<Module>> parsed(const std::string &instruction) {
  return parseModule(".version 8.7\n.target sm_100a\n.address_size 64\n"
                     ".visible .entry k()\n{\n  .reg .pred %p<2>;\n"
                     "  .reg .b16 %h<2>;\n  .reg .b32 %r<4>;\n"
                     "  .reg .f32 %f<4>;\n  .reg .b64 %rd<2>;\n  " +
                         instruction + ";\n  ret;\n}\n",
                     "k.ptx");
}

/// "atom.acquire.gpu.add.u32 (row 3)": what an instruction was taken for.
std::string taken(const std::string &instruction) {
  auto module = parsed(instruction);
  if (!module.ok())
    return module.status().message();
  const Statement &statement = (*module)->functions[0]->body[0];
  std::string words;
  for (const Modifier &modifier : statement.modifiers)
    words += fmt::format(".{}", modifier.word);
  return fmt::format("{}{} (row {})", statement.row->name, words,
                     statement.row->index);
}

struct Reordered {
  const char *written, *inOrder;
};

/// ptxas takes each of these; libcu++, CUB and the toolkit's headers print
/// some.
TEST(ModifierOrderTest, anyOrderIsTheOneOfTheGrammar) {
  const Reordered cases[] = {
      {"atom.add.acquire.cta.u32 %r0, [%rd0], %r1",
       "atom.acquire.cta.add.u32 %r0, [%rd0], %r1"},
      {"atom.add.gpu.global.u32 %r0, [%rd0], %r1",
       "atom.gpu.global.add.u32 %r0, [%rd0], %r1"},
      {"atom.cas.acq_rel.sys.b64 %rd0, [%rd0], %rd1, %rd0",
       "atom.acq_rel.sys.cas.b64 %rd0, [%rd0], %rd1, %rd0"},
      {"red.or.release.cta.b32 [%rd0], %r1",
       "red.release.cta.or.b32 [%rd0], %r1"},
      {"ld.u32.volatile.global %r0, [%rd0]",
       "ld.volatile.global.u32 %r0, [%rd0]"},
      {"ld.global.acquire.gpu.u32 %r0, [%rd0]",
       "ld.acquire.gpu.global.u32 %r0, [%rd0]"},
      {"st.global.v2.release.gpu.u32 [%rd0], {%r0, %r1}",
       "st.release.gpu.global.v2.u32 [%rd0], {%r0, %r1}"},
      {"fence.gpu.acq_rel", "fence.acq_rel.gpu"},
      {"min.s32.relu %r0, %r1, %r2", "min.relu.s32 %r0, %r1, %r2"},
      {"fma.ftz.rn.f32 %f0, %f1, %f2, %f3",
       "fma.rn.ftz.f32 %f0, %f1, %f2, %f3"},
      {"rcp.approx.f32.ftz %f0, %f1", "rcp.approx.ftz.f32 %f0, %f1"},
      {"cvt.f32.rn.u32 %f0, %r1", "cvt.rn.f32.u32 %f0, %r1"},
      {"vote.ballot.sync.b32 %r0, %p0, -1",
       "vote.sync.ballot.b32 %r0, %p0, -1"},
      {"shfl.up.sync.b32 %r0, %r1, 1, 0, -1",
       "shfl.sync.up.b32 %r0, %r1, 1, 0, -1"},
      {"barrier.aligned.sync 0", "barrier.sync.aligned 0"},
      {"cp.async.shared.global.ca [%rd0], [%rd1], 16",
       "cp.async.ca.shared.global [%rd0], [%rd1], 16"},
      {"mma.m16n8k16.row.col.sync.aligned.f32.bf16.bf16.f32 "
       "{%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r0,%r1}, {%f0,%f1,%f2,%f3}",
       "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
       "{%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r0,%r1}, {%f0,%f1,%f2,%f3}"},
  };
  for (const auto &[written, inOrder] : cases) {
    EXPECT_TRUE(parsed(inOrder).ok()) << taken(inOrder);
    EXPECT_EQ(taken(written), taken(inOrder)) << written;
  }
}

/// From a type to another, from a space to another, by rows or by columns: such
/// an order means something; and a word too many or too few is none.
TEST(ModifierOrderTest, othersAreRefused) {
  for (const char *written : {
           "cp.async.ca.global.shared [%rd0], [%rd1], 16",
           "cvt.rn.satfinite.f16x2.e4m3x2 %r0, %h1",
           "cvt.u16.pack.sat.s32 %r0, %r1, %r2, %r3",
           "cvt.pack.sat.s32.u16 %r0, %r1, %r2",
           "mma.sync.aligned.m16n8k16.col.row.f32.bf16.bf16.f32 "
           "{%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r0,%r1}, "
           "{%f0,%f1,%f2,%f3}",
           "mma.sync.aligned.m16n8k8.row.col.tf32.f32.tf32.f32 "
           "{%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r0,%r1}, "
           "{%f0,%f1,%f2,%f3}",
           "atom.add.acquire.acquire.u32 %r0, [%rd0], %r1",
           "atom.acquire.cta.u32 %r0, [%rd0], %r1",
           "atom.u32.min %r0, [%rd0]",
       })
    EXPECT_FALSE(parsed(written).ok()) << taken(written);
}

} // namespace
} // namespace sluice::sim
