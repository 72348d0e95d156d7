#pragma once

#include "test/runtime/base/TestFolder.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

namespace sluice {

/// Is the plan newer than the compiler and all that it read?
inline bool isFresh(const std::filesystem::path &plan,
                    const std::filesystem::path &model) {
  namespace fs = std::filesystem;
  if (!fs::exists(plan))
    return false;
  fs::file_time_type newest = fs::last_write_time(SLUICE_BIN "/sluice-compile");
  for (const fs::directory_entry &file : fs::directory_iterator(model))
    newest = std::max(newest, file.last_write_time());
  return fs::last_write_time(plan) > newest;
}

/// The path of the plan of a checkpoint under test/, such as
/// "golden/v4-runtime", for CPUs or for sm_80 and sm_120: the one that
/// test/e2e/plans made, or else, as where there are `flags`, compiled once a
/// process. Its .model file is beside it.
inline std::string compiledPlan(const std::string &checkpoint, bool gpu = false,
                                const std::string &flags = "") {
  std::filesystem::path model =
      std::filesystem::path(SLUICE_TEST_DATA) / checkpoint;
  std::filesystem::path shared =
      std::filesystem::path(SLUICE_BIN) / "../test/plans" /
      (model.filename().string() + (gpu ? ".gpu" : "") + ".plan");
  if (flags.empty() && isFresh(shared, model))
    return shared;
  static TestFolder folder;
  static std::map<std::string, std::string> plans;
  std::string &plan = plans[checkpoint + (gpu ? ".gpu" : "") + flags];
  if (!plan.empty())
    return plan;
  plan = folder.path(fmt::format("{}.plan", plans.size()));
  std::string command = fmt::format("'{}/sluice-compile' '{}' -o '{}'{} {}",
                                    SLUICE_BIN, model.string(), plan,
                                    gpu ? " --target=sm_80,sm_120" : "", flags);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return plan;
}

} // namespace sluice
