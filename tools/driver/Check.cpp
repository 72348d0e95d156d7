#include "tools/driver/Verbs.h"

#include "runtime/device/DeviceChoice.h"
#include "runtime/device/TargetChoice.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cuda/CudaDevice.h"
#include "runtime/executor/Model.h"
#include "tools/driver/ContextFlags.h"
#include "tools/driver/DumpTables.h"
#include "tools/driver/Host.h"
#include "tools/driver/PlanWeights.h"
#include "tools/driver/StandardOutput.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>

namespace sluice {
namespace {

struct Options {
  ContextFlags context;
  bool json = false;
};

/// Looks at everything, then says what the first obstacle is.
class Checking {
public:
  Checking(const Options &options, const PlanFile &file)
      : options(options), file(file), plan(file.plan()),
        host(readHostMemory()) {}

  /// Errors: InvalidArgument for flags that this plan cannot take.
  Status look();

  Report report;
  Status verdict; // why it will not run

private:
  void addHost();
  Status chooseTargets();
  void checkModel();
  Status checkMemory();
  void addVerdict();
  /// Keeps the first reason not to run.
  void refuse(const char *why, const Status &status) {
    if (!verdict.ok())
      return;
    verdict = status;
    cause = why;
  }

  const Options &options;
  const PlanFile &file;
  const PlanView &plan;
  HostMemory host;
  std::optional<uint32_t> target;
  const char *cause = "";
};

Status Checking::look() {
  report.add("plan", dumpPlan(file));
  addHost();
  SLUICE_TRY(chooseTargets());
  checkModel();
  SLUICE_TRY(checkMemory());
  addVerdict();
  return {};
}

void Checking::addHost() {
  auto known = [](uint64_t bytes) {
    return bytes == 0 ? Cell::none() : Cell::bytes(bytes);
  };
  report.add("host", Facts{{"processor", processorName()},
                           {"threads", availableThreads()},
                           {"memory_total", known(host.total)},
                           {"memory_available", known(host.available)},
                           {"memory_limited_by", host.limitedBy}});
}

Status Checking::chooseTargets() {
  SLUICE_ASSIGN(std::unique_ptr<Device> device,
                openDevice(options.context.device, plan, 1));
  Table table{{"target", "runs_here", "cause", "reason"}, {}};
  for (const PlanView::Target &one : plan.targets) {
    Status status = device->supports(one);
    std::string reason = status.message();
    const char *why = status.ok() ? "" : "isa";
    if (!one.complete) {
      reason = "some kernels have no code for it";
      why = "kernels";
    }
    table.rows.push_back({one.name, reason.empty(), why, reason});
  }
  report.add("targets", std::move(table));
  Result<uint32_t> chosen = chooseTarget(*device, plan, options.context.target);
  if (chosen.ok())
    target = *chosen;
  else if (chosen.status().code() == StatusCode::InvalidArgument)
    return chosen.status();
  else
    refuse("isa", chosen.status());
  return {};
}

void Checking::checkModel() {
  Facts facts;
  Result<std::string> directory =
      findModelDirectory(options.context.plan, options.context.model);
  if (!directory.ok()) {
    report.add("model", Facts{{"directory", Cell::none()},
                              {"checked", false},
                              {"matches", Cell::none()},
                              {"reason", directory.status().message()}});
    return;
  }
  Result<std::shared_ptr<const Model>> model =
      Model::open(options.context.plan, *directory);
  report.add("model", Facts{{"directory", *directory},
                            {"checked", true},
                            {"matches", model.ok()},
                            {"reason", model.status().message()}});
  if (!model.ok())
    refuse("model", model.status());
}

Status Checking::checkMemory() {
  SLUICE_ASSIGN(ContextOptions context,
                contextOptions(options.context).resolved(plan));
  if (context.threads == 0)
    context.threads = availableThreads();
  report.add("context", dumpContext(context, target ? plan.targets[*target].name
                                                    : "none"));
  uint64_t weights = weightsOf(plan).bytes;
  Table table{memoryColumns(), {}};
  std::optional<MemoryBill> bill;
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    if (!plan.targets[i].complete)
      continue;
    SLUICE_ASSIGN(Sizes sizes, Sizes::of(plan, context, i));
    MemoryBill one = billOf(sizes, context.threads, weights);
    table.rows.push_back(memoryRow(plan.targets[i].name, one));
    if (i == target)
      bill = one;
  }
  report.add("memory", std::move(table));
  if (!bill || host.available == 0)
    return {};
  uint64_t needed = bill->total();
  bool fits = needed <= host.available;
  // Weights are mapped: the system may drop and read them again, at the price
  // of time.
  bool stay = fits && weights <= host.available - needed;
  report.add("fit", Facts{{"context_fits", fits},
                          {"weights_stay_in_memory", stay},
                          {"needed", Cell::bytes(needed)},
                          {"with_weights", Cell::bytes(needed + weights)},
                          {"available", Cell::bytes(host.available)}});
  if (!fits)
    refuse("memory",
           incompatible(fmt::format(
               "a context of {} tokens and {} slots needs {}, {} leaves {}; "
               "ask for a smaller --ctx, --slots or --rows",
               context.maxContext, context.slots, printBytes(needed),
               host.limitedBy, printBytes(host.available))));
  return {};
}

void Checking::addVerdict() {
  report.add("verdict",
             Facts{{"runs", verdict.ok()},
                   {"target",
                    target ? Cell(plan.targets[*target].name) : Cell::none()},
                   {"cause", cause},
                   {"reason", verdict.message()}});
}

Status check(const Options &options) {
  SLUICE_ASSIGN(PlanFile file, PlanFile::open(options.context.plan));
  Checking checking(options, file);
  SLUICE_TRY(checking.look().in(options.context.plan));
  SLUICE_TRY(writeStandardOutput(options.json ? checking.report.json()
                                              : checking.report.text()));
  return checking.verdict;
}

/// What --device can name here, a line each.
std::string devices() {
  std::string text = fmt::format("cpu     {}, {} threads\n", processorName(),
                                 availableThreads());
  for (const std::string &gpu : listCudaDevices())
    text += gpu + "\n";
  return text + "sim     the PTX simulator";
}

constexpr const char *notes =
    R"(The report goes to standard output. Exit code 0: the plan runs here with this
model and context. 4: it does not; standard error says why. 3: a file is damaged
or not there. A model that is named nowhere is not checked.

With --json one object is printed: "plan", "host", "model", "context", "fit" and
"verdict" (objects), "targets" and "memory" (lists of objects). "cause" is "isa",
"kernels" (no code for the target), "model" or "memory".

Examples:
  sluice check tiny.plan
  sluice check tiny.plan --model /models/tiny-v4 --ctx 16384 --slots 8
  sluice check tiny.plan --json | jq .verdict
  sluice check --list-devices)";

} // namespace

void addCheck(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand(
      "check",
      "Say whether this host can run a plan, and with how much memory");
  verb->footer(notes);
  addPlanFlags(*verb, options->context);
  addModelFlags(*verb, options->context);
  addSizeFlags(*verb, options->context);
  verb->set_version_flag("--list-devices", devices,
                         "list what --device can name here, and exit");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback(
      [options, &action] { action = [options] { return check(*options); }; });
}

} // namespace sluice
