#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::sim {

/// A launch that the simulator has run, with all that another device needs to
/// run it too.
struct Recording {
  struct Memory {
    uint64_t address = 0; // as the parameters have it
    std::string before, after;
  };
  std::string name; // of the test
  std::string ptx;
  std::string kernel;
  uint32_t blocks[3] = {1, 1, 1};
  uint32_t threads[3] = {1, 1, 1};
  uint64_t dynamicShared = 0;
  std::string parameters; // the block
  std::vector<Memory> memories;
};

/// Tests add to the file that SLUICE_SIM_RECORD names; without it nothing is
/// kept.
bool isRecording();
void record(const Recording &recording);

/// Calls f for each; it returns false to end. Errors: BadInput for a file that
/// is cut or of something else.
Status forEachRecording(const std::string &path,
                        const std::function<bool(Recording &&)> &f);

} // namespace sluice::sim
