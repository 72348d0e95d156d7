#pragma once

#include "runtime/device/sim/Simulator.h"

#include <string>

namespace sluice::ptxsim {

/// The words of the flags of `run` that say how a kernel runs.
struct LaunchFlags {
  std::string grid, block = "1";
  std::string shared = "0";
  std::string checks = "all";
  std::string async = "late";
  std::string schedule = "round-robin";
  std::string matrix = "fast";
  std::string approximate = "exact";
};

/// "x", "x,y" or "x,y,z". Errors: InvalidArgument, with `flag` named.
Status parseExtent(std::string_view flag, const std::string &text,
                   uint32_t (&extent)[3]);

/// "4096", "48K": bytes; K, M, G, T are powers of 1024. Errors:
/// InvalidArgument.
Result<uint64_t> parseBytes(std::string_view flag, const std::string &text);

/// "all", "none" or names such as "races,in-flight". Errors: InvalidArgument.
Result<sim::Checks> parseChecks(const std::string &text);

/// Errors: InvalidArgument.
Result<sim::Simulator::Grid> parseGrid(const LaunchFlags &flags);
/// The fields of LaunchOptions that `flags` say. Errors: InvalidArgument.
Result<sim::LaunchOptions> parseOptions(const LaunchFlags &flags);

} // namespace sluice::ptxsim
