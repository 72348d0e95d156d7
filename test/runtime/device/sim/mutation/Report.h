#pragma once

#include "test/runtime/device/sim/mutation/Judge.h"
#include "test/runtime/device/sim/mutation/Survivors.h"

namespace sluice::sim::mutation {

/// A mutant and what became of it.
struct Tried {
  std::string kernel; // "softmax", of clang; "nvcc/softmax"
  std::string file;
  Mutant mutant;
  Verdict verdict;
  const Reason *reason = nullptr; // of a survivor, if there is one
};

/// Gives each survivor its reason. Returns those reasons that no survivor has,
/// of the kernels that `tried` is about.
std::vector<const Reason *> explain(std::vector<Tried> &tried,
                                    const std::vector<Reason> &reasons);

struct Count {
  uint32_t total = 0, caught = 0, equivalent = 0, limits = 0, unexplained = 0;
  uint32_t unreached = 0; // not in `total`

  void add(const Tried &one);
  /// Caught, of all, and of all that are not equivalent; in per cent.
  double ofAll() const;
  double ofFaults() const;
};

/// Tables by operator and by kernel, and how mutants were caught.
std::string tables(const std::vector<Tried> &tried);
/// Each survivor with its place and reason.
std::string survivors(const std::vector<Tried> &tried);
std::string json(const std::vector<Tried> &tried);

} // namespace sluice::sim::mutation
