#pragma once

// What is wrong with a kernel is found, named and placed; beside each there is
// the same kernel done right, of which nothing is said.

#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {

struct CheckCase {
  /// Begins a kernel k(p, q): %r1 is the thread, %r2 the block, %rd4 and %rd5
  /// the thread's word of p and q, %r5 that of the shared s.
  static constexpr const char *kHead = R"(
.visible .entry k(.param .u64 p, .param .u64 q)
{
  .reg .pred %p<8>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<16>;
  .shared .align 16 .b8 s[1024];
  ld.param.u64 %rd1, [p];
  ld.param.u64 %rd2, [q];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ctaid.x;
  mul.wide.u32 %rd3, %r1, 4;
  add.u64 %rd4, %rd1, %rd3;
  add.u64 %rd5, %rd2, %rd3;
  shl.b32 %r3, %r1, 2;
  mov.u32 %r4, s;
  add.u32 %r5, %r4, %r3;
)";

  const char *name;
  std::string body;
  uint32_t blocks, threads;
  // Nothing: a correct kernel.
  std::vector<FindingKind> found;
  const char *says = "";
};

class CheckTest : public testing::TestWithParam<CheckCase> {};

inline std::string nameOfCase(const testing::TestParamInfo<CheckCase> &info) {
  return info.param.name;
}

} // namespace sluice::sim
