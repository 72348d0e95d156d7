#include "test/runtime/device/sim/SimKernel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::sim {
namespace {

// An instruction of m x n x k does 2 m n k operations for each warp.

struct MatrixCase {
  const char *name, *opcode;
  int d, a, b, c; // registers
  const char *type;
  uint64_t operations;
  const char *registerType = "b32";
};

class MatrixCountersTest : public testing::TestWithParam<MatrixCase> {};

std::string list(const char *prefix, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back(fmt::format("%{}{}", prefix, i));
  return fmt::format("{{{}}}", fmt::join(names, ","));
}

TEST_P(MatrixCountersTest, countsOperationsByType) {
  const MatrixCase &c = GetParam();
  SimKernel sim(fmt::format(R"(
.visible .entry k()
{{
  .reg .pred %p1;
  .reg .b32 %i<2>;
  .reg .{0} %d<8>;
  .reg .{0} %a<8>;
  .reg .{0} %b<8>;
  .reg .{0} %c<8>;
  mov.u32 %i0, 0;
$again:
  {1} {2}, {3}, {4}, {5};
  add.u32 %i0, %i0, 1;
  setp.lt.u32 %p1, %i0, 7;
  @%p1 bra $again;
  ret;
}})",
                            c.registerType, c.opcode, list("d", c.d),
                            list("a", c.a), list("b", c.b), list("c", c.c)));
  ASSERT_TRUE(sim.loaded()) << sim.error();
  sim.options.counters = true;
  LaunchReport report = sim.launch("k", 3, 64);
  EXPECT_EQ(findingsOf(report), "");
  ASSERT_EQ(report.counters.matrix.size(), 1U);
  EXPECT_EQ(report.counters.matrix[0].type, c.type);
  EXPECT_EQ(report.counters.matrix[0].operations, c.operations * 7 * 3 * 2);
  EXPECT_EQ(
      report.counters.byClass[static_cast<size_t>(OpClass::Matrix)].executions,
      7U * 3 * 2);
}

const MatrixCase kCases[] = {
    {"f16k8", "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", 4, 2, 1, 4,
     "f16", 2 * 16 * 8 * 8},
    {"f16k16", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4, 4, 2, 4,
     "f16", 2 * 16 * 8 * 16},
    {"f16IntoF16", "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 2, 4, 2,
     2, "f16", 2 * 16 * 8 * 16},
    {"bf16k8", "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 4, 2, 1, 4,
     "bf16", 2 * 16 * 8 * 8},
    {"bf16k16", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 4, 2,
     4, "bf16", 2 * 16 * 8 * 16},
    {"tf32k4", "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 4, 2, 1, 4,
     "tf32", 2 * 16 * 8 * 4},
    {"tf32k8", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 4, 4, 2, 4,
     "tf32", 2 * 16 * 8 * 8},
    {"e4m3", "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32", 4, 4, 2, 4,
     "e4m3", 2 * 16 * 8 * 32},
    {"e5m2", "mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e5m2.f32", 4, 4, 2, 4,
     "e5m2", 2 * 16 * 8 * 32},
    {"s8k16", "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32", 4, 2, 1, 4,
     "s8", 2 * 16 * 8 * 16},
    {"u8k32", "mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32", 4, 4, 2, 4,
     "u8", 2 * 16 * 8 * 32},
    {"f64", "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", 2, 1, 1, 2,
     "f64", 2 * 8 * 8 * 4, "f64"},
    {"wmmaSquare", "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32", 8, 8, 8,
     8, "f16", 2 * 16 * 16 * 16},
    {"wmmaTall", "wmma.mma.sync.aligned.row.col.m32n8k16.f32.f32", 8, 8, 8, 8,
     "f16", 2 * 32 * 8 * 16},
    {"wmmaWide", "wmma.mma.sync.aligned.row.col.m8n32k16.f16.f16", 4, 8, 8, 4,
     "f16", 2 * 8 * 32 * 16},
    {"wmmaBf16", "wmma.mma.sync.aligned.row.col.m16n16k16.f32.bf16.bf16.f32", 8,
     4, 4, 8, "bf16", 2 * 16 * 16 * 16},
};

INSTANTIATE_TEST_SUITE_P(Sim, MatrixCountersTest, testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace sluice::sim
