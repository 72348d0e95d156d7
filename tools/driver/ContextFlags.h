#pragma once

#include "runtime/executor/ContextOptions.h"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

/// The flags that say how a plan is to run.
struct ContextFlags {
  std::string plan;
  std::string model;    // empty: SLUICE_MODEL, then the file PLAN.model
  std::string device;   // as openDevice knows it
  std::string target;   // empty: the best
  uint32_t threads = 0; // 0: one for each processor
  uint32_t context = 0; // tokens of a sequence; 0: chosen by the verb
  uint32_t slots = ContextOptions().slots;
  uint32_t rows = ContextOptions().maxRows;
};

// `flags` must outlive the parse.

/// Adds PLAN, --threads and --ctx to `verb`.
void addPlanFlags(CLI::App &verb, ContextFlags &flags);
/// Adds --model, --device and --target.
void addModelFlags(CLI::App &verb, ContextFlags &flags);
/// Adds --slots and --rows.
void addSizeFlags(CLI::App &verb, ContextFlags &flags);

/// The options that these flags decide.
ContextOptions contextOptions(const ContextFlags &flags);

} // namespace sluice
