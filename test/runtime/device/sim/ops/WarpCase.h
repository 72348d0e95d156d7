#pragma once

#include "test/runtime/device/sim/ops/OpCase.h"

#include <span>

namespace sluice::sim {

/// The inputs of a warp's 32 lanes.
struct WarpInputs {
  std::span<const uint64_t> a, b, c;
};

/// As OpCase, for instructions that look at other lanes or at memory: what lane
/// `lane` of a full warp gets.
struct WarpCase {
  std::string text;
  char result;
  std::function<uint64_t(const WarpInputs &, uint32_t lane)> expect;
  std::string target = "sm_90";
};

std::vector<WarpCase> warpCases();   // shfl, vote, bar, ...
std::vector<WarpCase> memoryCases(); // ld, st, atom, calls
std::vector<WarpCase> asyncCases();  // cp.async, mbarrier

/// Begins a text with a place for each thread, of 32 bytes, in shared memory:
/// its address in %x1 (64 bits).
inline constexpr const char *kShared =
    "{ .shared .align 32 .b8 s[8192];\n  .reg .b64 %x<9>;\n  .reg .b32 %t<9>;\n"
    "  mov.u64 %x1, s;\n  mov.u32 %t1, %tid.x;\n  mul.wide.u32 %x2, %t1, 32;\n"
    "  add.u64 %x1, %x1, %x2;\n  ";

} // namespace sluice::sim
