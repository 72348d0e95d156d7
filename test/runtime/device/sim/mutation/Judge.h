#pragma once

#include "test/runtime/device/sim/corpus/RunCase.h"
#include "test/runtime/device/sim/mutation/Operators.h"

#include <set>

namespace sluice::sim::mutation {

/// How a mutant showed.
enum class Caught : uint8_t {
  No,
  Unreached, // no case comes to the instruction, so nothing was tried
  Refused,   // by the parser or the launch
  Reported,
  Limit,   // it ran more than ten times as long, and that is what was reported
  Wrong,   // the result is not what is expected
  Differs, // within the tolerance, but not what the kernel computes otherwise
};
std::string_view caughtName(Caught caught);

struct Verdict {
  Caught caught = Caught::No;
  std::string why;      // the finding's kind, or the error
  std::string schedule; // of the run that caught it
  std::string example;  // the case
};

/// One PTX text and the cases that run it.
class Judge {
public:
  Judge(std::string ptx, std::string file, std::vector<corpus::Case> cases);

  /// Runs the cases as they are. Errors: BadInput if one of them is not
  /// correct, as then nothing can be said about mutants.
  Status prepare();
  const std::string &ptx() const { return text; }
  const std::string &file() const { return name; }

  /// Runs the mutant with all checks and late copies, all cases with
  /// `schedule`, until something shows. Threads may call it at the same time.
  Verdict judge(const Mutant &mutant) const;

private:
  struct Baseline {
    corpus::Case example;
    std::vector<std::vector<std::byte>> results; // of each expectation
    uint64_t instructions = 0;
  };
  Verdict run(const std::string &mutant, const Baseline &baseline,
              Schedule schedule) const;

  std::string text, name;
  std::set<uint32_t> reached; // lines with an instruction that a case runs
  std::vector<Baseline> baselines;
};

} // namespace sluice::sim::mutation
