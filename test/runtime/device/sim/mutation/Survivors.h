#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim::mutation {

/// Why nobody catches a mutant.
struct Reason {
  std::string kernel;      // "softmax", of clang; "nvcc/softmax"
  std::string mutant;      // Mutant::key
  std::string text;        // "equivalent: ..." or "known limit: ..."
  bool equivalent = false; // nothing is wrong with the mutant
  uint32_t line = 0;       // in the list
};

/// The list of survivors. A line is
///     kernel | operator | instruction | reason
/// where "instruction" is as Mutant::key has it. "#" starts a comment. Errors:
/// BadInput with file and line.
Result<std::vector<Reason>> readSurvivors(std::string_view text,
                                          const std::string &file);

} // namespace sluice::sim::mutation
