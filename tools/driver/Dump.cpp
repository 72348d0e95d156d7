#include "tools/driver/Verbs.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "tools/driver/ContextFlags.h"
#include "tools/driver/DumpCost.h"
#include "tools/driver/DumpPtx.h"
#include "tools/driver/DumpTables.h"
#include "tools/driver/PlanWeights.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/Suggest.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>

namespace sluice {
namespace {

struct Options {
  ContextFlags context;
  std::set<std::string> parts;    // empty: all
  std::optional<std::string> ptx; // a kernel
  bool json = false;
};

struct Part {
  const char *flag, *help;
};

// In the order in which they are printed.
constexpr Part parts[] = {
    {"provenance", "who made the plan, from what"},
    {"sections", "sections of the file"},
    {"targets", "what it was compiled for"},
    {"kernels", "kernels, and their variants by target"},
    {"launches", "the launches of a step, in order"},
    {"cost", "FLOPs and bytes of a step, by kernel and in sum"},
    {"buffers", "memory of a step: size, place, first and last launch"},
    {"parameters", "weights, as stacks over layers and experts"},
    {"state", "what a sequence keeps between steps"},
    {"inputs", "what a step is given"},
    {"outputs", "what can be read after a step"},
    {"memory", "bytes that a context takes, by target"},
};

/// The target whose places and blocks are shown: the named one, or the last
/// that is complete (the best, whatever this host is), or the last.
Result<uint32_t> shownTarget(const PlanView &plan, const std::string &name) {
  std::vector<std::string> names;
  uint32_t best = uint32_t(plan.targets.size()) - 1;
  bool found = false;
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    names.emplace_back(plan.targets[i].name);
    if (names.back() == name)
      return i;
    if (plan.targets[i].complete) {
      best = i;
      found = true;
    }
  }
  if (name.empty() && (found || !names.empty()))
    return best;
  std::string near = nearestName(name, names);
  return invalidArgument(
      fmt::format("the plan has no target \"{}\", it has {}{}", name,
                  fmt::join(names, ", "),
                  near.empty() ? "" : "; did you mean " + near + "?"));
}

/// A Sizes for each target that can run the plan; none for the others.
Result<std::vector<std::optional<Sizes>>>
sizesOf(const PlanView &plan, const ContextOptions &options, uint32_t shown) {
  std::vector<std::optional<Sizes>> out(plan.targets.size());
  for (uint32_t i = 0; i < out.size(); ++i)
    if (plan.targets[i].complete || i == shown) {
      SLUICE_ASSIGN(out[i], Sizes::of(plan, options, i));
    }
  return out;
}

class Dumping {
public:
  Dumping(const Options &options, const PlanFile &file)
      : options(options), file(file), plan(file.plan()) {}

  Result<Report> run() {
    SLUICE_ASSIGN(uint32_t target, shownTarget(plan, options.context.target));
    SLUICE_ASSIGN(context, contextOptions(options.context).resolved(plan));
    if (context.threads == 0)
      context.threads = availableThreads();
    // A plan with absurd sizes can still be looked at in part.
    if (wants("buffers") || wants("state") || wants("inputs") ||
        wants("memory")) {
      SLUICE_ASSIGN(sizes, sizesOf(plan, context, target));
    }
    report.add("plan", dumpPlan(file));
    report.add("model", dumpModel(plan));
    addProgram(target);
    addMemory(target);
    return std::move(report);
  }

private:
  bool wants(const char *part) const {
    return options.parts.empty() || options.parts.contains(part);
  }

  void addProgram(uint32_t target) {
    if (wants("provenance"))
      report.add("provenance", dumpProvenance(file));
    if (wants("sections"))
      report.add("sections", dumpSections(file));
    if (wants("targets"))
      report.add("targets", dumpTargets(plan));
    if (wants("kernels")) {
      report.add("kernels", dumpKernels(plan));
      report.add("variants", dumpVariants(plan));
    }
    if (wants("launches"))
      report.add("launches", dumpLaunches(plan, target));
    if (wants("cost")) {
      report.add("cost", dumpCost(plan, target));
      report.add("step_cost", dumpStepCost(plan, target));
      report.add("cost_examples", dumpCostExamples(plan, context, target));
    }
  }

  void addMemory(uint32_t target) {
    const Sizes *shown = sizes.empty() ? nullptr : &*sizes[target];
    report.add("context", dumpContext(context, plan.targets[target].name));
    if (wants("buffers"))
      report.add("buffers", dumpBuffers(plan, *shown));
    if (wants("parameters"))
      report.add("parameters", dumpParameters(plan));
    if (wants("state"))
      report.add("state", dumpState(plan, context, *shown));
    if (wants("inputs"))
      report.add("inputs", dumpInputs(plan, *shown));
    if (wants("outputs"))
      report.add("outputs", dumpOutputs(plan));
    if (!wants("memory"))
      return;
    Table table{memoryColumns(), {}};
    uint64_t weights = weightsOf(plan).bytes;
    for (size_t i = 0; i < sizes.size(); ++i)
      if (sizes[i])
        table.rows.push_back(memoryRow(
            plan.targets[i].name, billOf(*sizes[i], context.threads, weights)));
    report.add("memory", std::move(table));
  }

  const Options &options;
  const PlanFile &file;
  const PlanView &plan;
  ContextOptions context;
  std::vector<std::optional<Sizes>> sizes; // by target; empty: not asked for
  Report report;
};

Status printPtx(const Options &options, const PlanView &plan) {
  SLUICE_ASSIGN(uint32_t target, shownTarget(plan, options.context.target));
  SLUICE_ASSIGN(std::string text, dumpPtx(plan, target, *options.ptx));
  return writeStandardOutput(text);
}

Status dump(const Options &options) {
  SLUICE_ASSIGN(PlanFile file, PlanFile::open(options.context.plan));
  if (options.ptx)
    return printPtx(options, file.plan()).in(options.context.plan);
  Result<Report> report = Dumping(options, file).run();
  if (!report.ok())
    return report.status().in(options.context.plan);
  return writeStandardOutput(options.json ? report->json() : report->text());
}

constexpr const char *notes =
    R"(Without a flag of a part, all parts are printed. The model is not looked at.

With --json one object is printed. Its members are "plan", "model" and "context"
(objects), "provenance" (what the compiler wrote), and a list of objects for
each of the others, named as the flags; --kernels gives "kernels" and
"variants", --cost gives "cost" (of one launch, by variant), "step_cost" (of all
launches) and "cost_examples" (in numbers: a decode step at --ctx, a prefill step
of --rows). FLOPs are those of products. Bytes are those that must cross memory:
weights once a launch, buffers once a launch that names them, state by each row
anew; rows and experts as far apart as can be, so they are upper bounds. Keys are the headings, with _ for blanks. Sizes are numbers of
bytes; what depends on a step is text over the symbols of plan.fbs (T rows,
S sequences, L rows with logits, N longest context; maxT and so on their largest
values; P tokens a page). Members are added, never renamed.

Examples:
  sluice dump tiny.plan
  sluice dump tiny.plan --memory --ctx 16384 --slots 8
  sluice dump tiny.plan --target sm_80 --ptx norm_64_f32 > norm.ptx
  sluice dump tiny.plan --json --launches | jq '.launches | length')";

} // namespace

void addDump(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand("dump", "Show what is in a plan");
  verb->footer(notes);
  addPlanFlags(*verb, options->context);
  addSizeFlags(*verb, options->context);
  verb->add_option("--target", options->context.target,
                   "the target whose blocks and places are shown (the last "
                   "that has all kernels unless given)")
      ->type_name("NAME");
  for (const Part &part : parts)
    verb->add_flag_callback(
        fmt::format("--{}", part.flag),
        [options, &part] { options->parts.insert(part.flag); }, part.help);
  verb->add_option(
          "--ptx", options->ptx,
          "print only the PTX of this kernel, or of \"all\", as a file of its "
          "own")
      ->type_name("KERNEL");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback(
      [options, &action] { action = [options] { return dump(*options); }; });
}

} // namespace sluice
