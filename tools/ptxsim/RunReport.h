#pragma once

#include "runtime/device/sim/Simulator.h"
#include "tools/ptxsim/LaunchFlags.h"
#include "tools/ptxsim/LaunchMemory.h"

namespace sluice::ptxsim {

/// A launch that is over.
struct RunOutcome {
  std::string file, kernel;
  sim::Simulator::Grid grid;
  LaunchFlags flags;
  std::vector<std::string> notes;
  sim::LaunchReport report;
  double seconds = 0;
  std::span<const DeviceArray> arrays;
};

/// The findings for people, a few lines each; the first hundred of them.
std::string findingsText(const RunOutcome &outcome);

/// "gemm: 16 blocks of 128 threads, 12345 warp instructions in 0.1 s, no
/// findings" and what of the outputs nobody wrote, a line each.
std::string summaryText(const RunOutcome &outcome);

/// One JSON object, with a line feed behind it.
std::string jsonOf(const RunOutcome &outcome);

/// What the findings mean for the exit code: nothing, Timeout if a limit was
/// reached and nothing else is wrong, Failed. `lost` says that there were
/// outputs, which are not written.
Status statusOf(const RunOutcome &outcome, bool lost);

} // namespace sluice::ptxsim
