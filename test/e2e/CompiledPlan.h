#pragma once

#include "test/runtime/base/TestFolder.h"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

namespace sluice {

/// The path of the plan of a checkpoint under test/, such as
/// "golden/v4-runtime". Compiled once a process; its .model file is beside it.
inline std::string compiledPlan(const std::string &checkpoint) {
  static TestFolder folder;
  static std::map<std::string, std::string> plans;
  std::string &plan = plans[checkpoint];
  if (!plan.empty())
    return plan;
  plan = folder.path(fmt::format("{}.plan", plans.size()));
  std::string command =
      fmt::format("'{}/sluice-compile' '{}/{}' -o '{}'", SLUICE_BIN,
                  SLUICE_TEST_DATA, checkpoint, plan);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return plan;
}

} // namespace sluice
