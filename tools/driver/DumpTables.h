#pragma once

#include "runtime/executor/Sizes.h"
#include "runtime/plan/PlanFile.h"
#include "tools/driver/Report.h"

namespace sluice {

// What a plan holds, table by table. Columns and facts are an interface: they
// are the JSON of `sluice dump`, listed in its help.

Facts dumpPlan(const PlanFile &file);
Facts dumpModel(const PlanView &plan);
Cell dumpProvenance(const PlanFile &file); // none if there is none
Table dumpSections(const PlanFile &file);
Table dumpTargets(const PlanView &plan);

/// "T <= 8", and in JSON its bounds.
Cell guardCell(const PlanView &plan, std::span<const PlanView::Bound> guard);

Table dumpKernels(const PlanView &plan);
Table dumpVariants(const PlanView &plan); // one row a stage
/// `target` is the one whose blocks are shown.
Table dumpLaunches(const PlanView &plan, uint32_t target);

/// Bytes and offsets are those of `sizes`, made for `options`.
Table dumpBuffers(const PlanView &plan, const Sizes &sizes);
Table dumpParameters(const PlanView &plan);
Table dumpState(const PlanView &plan, const ContextOptions &options,
                const Sizes &sizes);
Table dumpInputs(const PlanView &plan, const Sizes &sizes);
Table dumpOutputs(const PlanView &plan);

/// The context that the sizes of buffers, state and memory are for.
Facts dumpContext(const ContextOptions &options, std::string_view target);

/// A row of the bill of `target`, and its columns.
std::vector<std::string> memoryColumns();
std::vector<Cell> memoryRow(std::string_view target, const MemoryBill &bill);

} // namespace sluice
