#pragma once

#include "tools/driver/DumpTables.h"

namespace sluice {

// What a step costs, from what the plan records. FLOPs are those of products;
// bytes are those that have to cross memory at least: weights once a launch,
// state by each row anew, buffers once a launch that reads or writes them, and
// twice what passes between stages.

/// A row a variant for `target`: what one launch costs.
Table dumpCost(const PlanView &plan, uint32_t target);

/// What all launches of a step cost together; a row for each guard that
/// variants have, and one for steps where none holds.
Table dumpStepCost(const PlanView &plan, uint32_t target);

/// The same in numbers, of a decode step and of a prefill step of `options`.
Table dumpCostExamples(const PlanView &plan, const ContextOptions &options,
                       uint32_t target);

} // namespace sluice
