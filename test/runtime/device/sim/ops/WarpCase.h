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
std::vector<WarpCase> memoryCases(); // ld, st, atom, cp.async, mbarrier, calls

} // namespace sluice::sim
