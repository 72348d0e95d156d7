#pragma once

#include "runtime/executor/ContextOptions.h"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

/// The flags of every verb that opens a plan with its model.
struct ContextFlags {
  std::string plan;
  std::string model;    // empty: SLUICE_MODEL, then the file PLAN.model
  std::string target;   // empty: the best
  uint32_t threads = 0; // 0: one for each processor
  uint32_t context = 0; // tokens of a sequence; 0: chosen by the verb
};

/// Adds PLAN, --model, --target, --threads and --ctx to `verb`. `flags` must
/// outlive the parse.
void addContextFlags(CLI::App &verb, ContextFlags &flags);

/// The part of the options that these flags decide.
ContextOptions contextOptions(const ContextFlags &flags);

} // namespace sluice
