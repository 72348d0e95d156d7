#pragma once

#include "runtime/device/sim/Simulator.h"
#include "test/runtime/device/sim/corpus/cases/Case.h"

#include <set>

namespace sluice::sim::corpus {

/// What became of a case on the simulator.
struct Outcome {
  /// Of the first launch that has any; later ones do not run.
  std::vector<Finding> findings;
  /// The first value that is not as expected, as a sentence, or empty. Only
  /// without findings.
  std::string difference;
  /// Each buffer's bytes after the last launch that ran.
  std::vector<std::vector<std::byte>> buffers;
  uint64_t warpInstructions = 0; // of all launches
  std::set<uint32_t> linesRun;   // of the PTX, if counters are asked for

  bool correct() const { return findings.empty() && difference.empty(); }
  /// What is wrong, for people.
  std::string text() const;
};

/// Runs all launches of a case with `ptx`, which may be another text than that
/// of the repository (of another compiler, or broken on purpose); messages call
/// it `file`. Errors: those of Simulator.
Result<Outcome> runCase(const Case &example, std::string ptx, std::string file,
                        const LaunchOptions &options);

/// The text of a file; empty if there is none.
std::string textOfFile(const std::string &path);

} // namespace sluice::sim::corpus
