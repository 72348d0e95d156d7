#pragma once

#include "runtime/plan/PlanView.h"

#include <cstdint>
#include <functional>
#include <string>

namespace sluice {

/// What a context can hold. 0 means "choose": see resolved.
struct ContextOptions {
  uint32_t maxRows = 512;    // tokens of one step
  uint32_t maxSequences = 0; // of one step; 0: slots, at most maxRows
  uint32_t maxLogitRows = 0; // of one step; 0: maxRows
  uint32_t maxContext = 0; // tokens of a sequence; 0: the model's, at most 4096
  uint32_t slots = 1;      // sequences kept at a time
  uint32_t pageTokens = 0; // 0: the least the plan takes from 64 on
  unsigned threads = 0;    // 0: one for each processor we may use
  std::string device = {}; // as openDevice knows it; empty: its choice
  std::string target = {}; // by name; empty: SLUICE_CPU_TARGET, or the best
  uint64_t memoryLimit = 0; // bytes a context may allocate; 0: none
  /// Told, after each tensor a device has been given, how many of the weights'
  /// bytes it has; false stops with Failed.
  std::function<bool(uint64_t)> loading = {};
  bool poison = false; // fill fresh memory with NaN and -1, for tests

  /// The same with every "choose" decided, and checked for `plan`; does not
  /// look at target and threads. Errors: InvalidArgument.
  Result<ContextOptions> resolved(const PlanView &plan) const;

  /// The symbols at their largest, of resolved options.
  SymbolValues maxima() const;
};

} // namespace sluice
