// How well the kernels of one decode step reach for memory, counted by the
// simulator: exact numbers, the same on every machine.

#include "runtime/device/sim/SimDevice.h"
#include "runtime/executor/Context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <numeric>

using namespace sluice;

namespace {

constexpr const char kUsage[] =
    R"(usage: gpu-access [--check | --rows N] PLAN TARGET

Runs a prompt of 19 tokens and then one token of a plan in the simulator, and prints,
for each kernel of the latter step, a line of JSON:
  launches      of the step
  warp_instructions
  loaded, stored   bytes that lanes asked for from global memory, and gave to it
  weights       bytes of the weights of those launches, of experts those chosen
  sectors       of 32 bytes that the loads touched, each request's by itself, and
                ideal: the fewest for requests of so many bytes
  ratio         bytes of those sectors to bytes of weights
  wavefronts, conflicts   of shared memory

--check exits with 1 if the loads of a product (linear, matmul, and what fusions make of
them) touch more sectors than they must, if more than 5 % of its passes over shared
memory are conflicts, or if its ratio is over 1.1: over 1.2 with less than 128 KiB of
weights, where what each block reads beside them shows. Free of the last: weights of
less than 16 KiB, small experts, most of whose blocks have no row, and streams_*, which
read the streams too. --rows counts a step of N tokens instead, whose weights are those
of one.
)";

constexpr int32_t kPrompt = 19;

struct Use {
  uint64_t launches = 0, instructions = 0, loaded = 0, stored = 0, requests = 0;
  uint64_t sectors = 0, ideal = 0, wavefronts = 0, conflicts = 0, weights = 0;
};

/// By the plan's name of the kernel.
using Uses = std::map<std::string, Use>;

void add(Use &use, const sim::LaunchReport &report) {
  ++use.launches;
  use.instructions += report.warpInstructions;
  use.conflicts += report.counters.sharedConflicts();
  for (const sim::CountedLine &line : report.counters.lines) {
    const sim::LineCounters &c = line.counters;
    use.wavefronts += c.wavefronts;
    if (line.space != sim::Space::Global || c.requests == 0)
      continue;
    if (line.text.starts_with("st"))
      use.stored += c.bytes;
    if (!line.text.starts_with("ld") && !line.text.starts_with("cp.async"))
      continue;
    use.loaded += c.bytes;
    use.requests += c.requests;
    use.sectors += c.sectors;
    use.ideal += c.requests * ((c.bytes / c.requests + 31) / 32);
  }
}

/// Bytes of the weights that one launch reads.
uint64_t weightsOf(const PlanView &plan, const PlanView::Launch &launch,
                   uint64_t chosen) {
  uint64_t bytes = 0;
  for (const fb::Arg &arg : launch.args) {
    if (arg.kind() != fb::ArgKind::Parameter)
      continue;
    const PlanView::Stack &stack = plan.stacks[arg.index()];
    uint64_t one =
        std::accumulate(stack.shape.begin(), stack.shape.end(),
                        dtypeBytes(stack.dtype), std::multiplies<uint64_t>());
    bytes += stack.table == 0 ? one : one * chosen;
  }
  return bytes;
}

uint64_t chosenExperts(const PlanView &plan) {
  for (const PlanView::ConfigField &field : plan.model.config)
    if (field.key == "num_experts_per_tok")
      return std::strtoull(std::string(field.value).c_str(), nullptr, 10);
  return 1;
}

/// The plan's names of the kernels by the names of their entries.
std::map<std::string, std::string> kernelNames(const PlanView &plan) {
  std::map<std::string, std::string> names;
  for (const PlanView::Kernel &kernel : plan.kernels)
    for (const PlanView::Variant &variant : kernel.variants)
      for (const PlanView::Stage &stage : variant.stages)
        names[std::string(plan.code[stage.code].entry)] = kernel.name;
  return names;
}

Status step(Context &context, int32_t first, int32_t count) {
  std::vector<int32_t> ids(count), pos(count), slot(count), rows = {0, count};
  std::iota(ids.begin(), ids.end(), first + 3);
  std::iota(pos.begin(), pos.end(), first);
  const int32_t last[] = {count - 1};
  return context.step({ids, pos, slot, rows, last});
}

Result<Uses> measure(const std::string &path, const std::string &target,
                     int32_t rows) {
  SLUICE_ASSIGN(std::shared_ptr<const Model> model, Model::open(path));
  const PlanView &plan = model->plan();
  Uses uses;
  auto names = kernelNames(plan);
  SimDeviceOptions device;
  device.launch.counters = true;
  device.launch.threads = 2;
  device.observe = [&](std::string_view kernel,
                       const sim::LaunchReport &report) {
    add(uses[names[std::string(kernel)]], report);
  };
  ContextOptions options;
  options.maxRows = uint32_t(std::max(kPrompt, rows));
  options.target = target;
  SLUICE_ASSIGN(auto context,
                Context::create(model, options, createSimDevice(device)));
  SLUICE_TRY(step(*context, 0, kPrompt));
  uses.clear();
  SLUICE_TRY(step(*context, kPrompt, rows));
  for (const PlanView::Launch &launch : plan.launches)
    uses[std::string(plan.kernels[launch.kernel].name)].weights +=
        weightsOf(plan, launch, chosenExperts(plan));
  return uses;
}

bool isOneOf(const std::string &name,
             std::initializer_list<std::string_view> kinds) {
  return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) {
    return name.starts_with(kind);
  });
}

/// Bytes of the sectors to bytes of the weights.
double ratioOf(const Use &use) {
  return use.weights ? double(use.sectors) * 32 / double(use.weights) : 0;
}

double mostRatio(const std::string &name, const Use &use) {
  constexpr double any = std::numeric_limits<double>::infinity();
  uint64_t weights = use.weights / use.launches; // of one launch
  bool isSmall = weights < 128 * 1024;
  if (weights < 16 * 1024 || name.starts_with("streams_") ||
      (isSmall && isOneOf(name, {"matmul_", "swiglu_", "combine_"})))
    return any;
  return isSmall ? 1.2 : 1.1;
}

bool isGood(const std::string &name, const Use &use) {
  if (!isOneOf(name, {"linear_", "matmul_", "products_", "project_", "swiglu_",
                      "combine_", "streams_"}))
    return true;
  return ratioOf(use) <= mostRatio(name, use) && use.sectors <= use.ideal &&
         use.conflicts * 20 <= use.wavefronts;
}

} // namespace

int main(int count, char **words) {
  std::vector<std::string> given(words + 1, words + count);
  int32_t rows = 1;
  bool check = !given.empty() && given[0] == "--check";
  if (check) {
    given.erase(given.begin());
  } else if (given.size() > 1 && given[0] == "--rows") {
    rows = std::max(1, int32_t(std::strtol(given[1].c_str(), nullptr, 10)));
    given.erase(given.begin(), given.begin() + 2);
  }
  if (given.size() != 2) {
    fputs(kUsage, stderr);
    return 2;
  }
  Result<Uses> uses = measure(given[0], given[1], rows);
  if (!uses.ok()) {
    fmt::print(stderr, "gpu-access: {}\n", uses.status().message());
    return int(uses.status().code());
  }
  int bad = 0;
  for (const auto &[name, use] : *uses) {
    fmt::print(
        R"({{"kernel":"{}","launches":{},"warp_instructions":{},"loaded":{},)"
        R"("stored":{},"weights":{},"requests":{},"sectors":{},"ideal":{},)"
        R"("wavefronts":{},"conflicts":{},"ratio":{:.3f}}})"
        "\n",
        name, use.launches, use.instructions, use.loaded, use.stored,
        use.weights, use.requests, use.sectors, use.ideal, use.wavefronts,
        use.conflicts, ratioOf(use));
    if (check && !isGood(name, use)) {
      fmt::print(stderr, "gpu-access: {} is over a limit\n", name);
      ++bad;
    }
  }
  return bad ? 1 : 0;
}
