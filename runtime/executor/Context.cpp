#include "runtime/executor/Context.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Quote.h"
#include "runtime/device/DeviceChoice.h"
#include "runtime/device/TargetChoice.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/executor/Launches.h"

#include <fmt/format.h>

#include <cstdlib>
#include <new>

namespace sluice {

/// In the order in which they are made; what comes later uses what came before.
struct Context::Parts {
  std::shared_ptr<const Model> model;
  ContextOptions options; // resolved
  uint32_t target = 0;
  Sizes sizes;
  MemoryBill bill{};
  std::unique_ptr<Device> device;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<DeviceModule> module;
  DeviceSpan arena;
  std::optional<StateMemory> state;
  std::optional<InputMemory> inputs;
  std::optional<Parameters> parameters;
  std::optional<ExprValues> values;
  std::optional<Launches> launches;
  std::vector<bool> slotSeen;     // for checkStep
  std::vector<std::byte> staging; // of outputs, if the host cannot read them
  bool hasStep = false;           // outputs are there
  Status lost;                    // why the device is gone

  Status make();
  Status run(const StepInput &input);
};

namespace {

std::string forcedTarget(const ContextOptions &options, const Device &device) {
  if (!options.target.empty() || device.name() != "cpu")
    return options.target;
  const char *name = std::getenv("SLUICE_CPU_TARGET");
  return name ? name : "";
}

/// Options with every choice made, target included.
Result<ContextOptions> decide(const PlanView &plan,
                              const ContextOptions &options,
                              const Device &device, uint32_t &target) {
  SLUICE_ASSIGN(ContextOptions out, options.resolved(plan));
  SLUICE_ASSIGN(target,
                chooseTarget(device, plan, forcedTarget(options, device)));
  out.target = plan.targets[target].name;
  return out;
}

unsigned threadsOf(const ContextOptions &options) {
  return options.threads == 0 ? availableThreads() : options.threads;
}

Status checkLimit(const MemoryBill &bill, uint64_t limit) {
  if (limit == 0 || bill.total() <= limit)
    return {};
  return outOfMemory(fmt::format(
      "the context needs {} bytes ({} for state, {} for buffers), the limit is "
      "{}; ask for less context, fewer slots or fewer rows a step",
      bill.total(), bill.states, bill.arena, limit));
}

/// Whether a device with memory of its own has room, before any of it is asked
/// for.
Status checkRoom(Device &device, const MemoryBill &bill) {
  SLUICE_ASSIGN(uint64_t room, device.freeBytes());
  if (bill.weights <= room && bill.total() <= room - bill.weights)
    return {};
  return outOfMemory(fmt::format(
      "{} needs {} bytes ({} of weights, {} for state, {} for buffers), {} are "
      "free; ask for less context, fewer slots or fewer rows a step, or stop "
      "what else uses the device",
      device.name(), bill.weights + bill.total(), bill.weights, bill.states,
      bill.arena, room));
}

} // namespace

Result<MemoryBill> memoryBill(const Model &model,
                              const ContextOptions &options) {
  try {
    SLUICE_ASSIGN(std::unique_ptr<Device> device,
                  openDevice(options.device, model.plan(), 1));
    uint32_t target = 0;
    SLUICE_ASSIGN(ContextOptions decided,
                  decide(model.plan(), options, *device, target));
    SLUICE_ASSIGN(Sizes sizes, Sizes::of(model.plan(), decided, target));
    return billOf(sizes, threadsOf(options), model.weightBytes());
  } catch (const std::bad_alloc &) {
    return outOfMemory("no memory to add up what a context needs");
  }
}

Context::Context(std::unique_ptr<Parts> parts) : parts(std::move(parts)) {}
Context::~Context() = default;

Result<std::unique_ptr<Context>>
Context::create(std::shared_ptr<const Model> model,
                const ContextOptions &options) {
  ContextOptions given = options;
  given.threads = threadsOf(options);
  SLUICE_ASSIGN(std::unique_ptr<Device> device,
                openDevice(given.device, model->plan(), given.threads));
  return create(std::move(model), given, std::move(device));
}

Result<std::unique_ptr<Context>>
Context::create(std::shared_ptr<const Model> model,
                const ContextOptions &options, std::unique_ptr<Device> device) {
  try {
    auto parts = std::make_unique<Parts>();
    parts->model = std::move(model);
    parts->device = std::move(device);
    parts->options = options;
    SLUICE_TRY(parts->make());
    return std::unique_ptr<Context>(new Context(std::move(parts)));
  } catch (const std::bad_alloc &) {
    return outOfMemory("no memory for the tables of a context");
  }
}

Status Context::Parts::make() {
  const PlanView &plan = model->plan();
  SLUICE_ASSIGN(options, decide(plan, options, *device, target));
  SLUICE_ASSIGN(sizes, Sizes::of(plan, options, target));
  bill = billOf(sizes, std::max(options.threads, 1u), model->weightBytes());
  SLUICE_TRY(checkLimit(bill, options.memoryLimit));
  SLUICE_TRY(checkRoom(*device, bill));

  SLUICE_ASSIGN(stream, device->createStream());
  SLUICE_TRY(device->reserveScratch(sizes.scratch));
  const PlanView::Target &chosen = plan.targets[target];
  std::span<const uint8_t> cubin;
  if (chosen.cubin != 0)
    cubin = plan.sections[chosen.cubin].bytes;
  SLUICE_ASSIGN(
      module, device->load(chosen, plan.sections[chosen.section].bytes, cubin));
  SLUICE_ASSIGN(arena, device->allocate(sizes.arena.bytes));
  SLUICE_ASSIGN(state,
                StateMemory::create(*device, *stream, plan, options, sizes));
  SLUICE_ASSIGN(inputs, InputMemory::create(*device, options, sizes));
  SLUICE_ASSIGN(parameters, Parameters::create(*device, *stream, *model, sizes,
                                               options.loading));
  values.emplace(plan.exprs, options.maxima());
  SLUICE_ASSIGN(launches, Launches::create(
                              plan, sizes, *module,
                              {arena, *parameters, *state, *inputs}, *values));
  slotSeen.resize(options.slots);
  options.loading = nullptr; // what it refers to may go away
  return device->synchronize(*stream);
}

Status Context::step(const StepInput &input) {
  Parts &p = *parts;
  if (!p.lost.ok())
    return p.lost;
  SLUICE_TRY(checkStep(input, p.options, p.model->plan().model.vocabulary,
                       *p.state, p.slotSeen));
  SymbolValues symbols = p.options.maxima();
  symbols[Symbol::T] = static_cast<int64_t>(input.ids.size());
  symbols[Symbol::S] = static_cast<int64_t>(input.rows.size()) - 1;
  symbols[Symbol::L] = static_cast<int64_t>(input.logitRows.size());
  symbols[Symbol::N] = 0;
  for (size_t i = 1; i < input.rows.size(); ++i)
    symbols[Symbol::N] =
        std::max(symbols[Symbol::N], int64_t(input.pos[input.rows[i] - 1]) + 1);
  SymbolValues before = p.values->symbols();
  p.values->bindStep(symbols);
  if (Status status = p.launches->prepare(*p.values); !status.ok()) {
    p.values->bindStep(before); // the outputs are still those of that step
    return status;
  }
  p.hasStep = false;
  if (Status status = p.run(input); !status.ok()) {
    p.lost = status;
    return status;
  }
  p.hasStep = true;
  return {};
}

/// Runs a step that has been prepared. A failure leaves the state undefined.
Status Context::Parts::run(const StepInput &input) {
  for (size_t i = 1; i < input.rows.size(); ++i) {
    int32_t last = input.rows[i] - 1;
    SLUICE_TRY(state->grow(*stream, input.slot[last], input.pos[last] + 1));
  }
  SLUICE_TRY(inputs->upload(*stream, input));
  if (options.poison)
    SLUICE_TRY(device->fill(*stream, arena, poisonByte));
  SLUICE_TRY(launches->run(*device, *stream));
  SLUICE_TRY(device->synchronize(*stream));
  for (size_t i = 1; i < input.rows.size(); ++i) {
    int32_t last = input.rows[i] - 1;
    state->keep(input.slot[last], input.pos[last] + 1);
  }
  return {};
}

Result<OutputView> Context::output(std::string_view name) {
  Parts &p = *parts;
  const PlanView &plan = p.model->plan();
  const PlanView::Output *found = nullptr;
  for (const PlanView::Output &output : plan.outputs)
    if (output.name == name)
      found = &output;
  if (!found)
    return invalidArgument(
        fmt::format("the plan has no output {}", inQuotes(name)));
  if (!p.hasStep)
    return invalidArgument("there are no outputs before a step has succeeded");
  OutputView view{found->dtype, {}, 0, {}};
  std::optional<uint64_t> bytes = dtypeBytes(found->dtype);
  for (uint32_t expr : found->shape) {
    int64_t dim = (*p.values)[expr];
    if (dim < 0)
      return p.values->failure(expr);
    view.dims[view.rank++] = dim;
    bytes = bytes ? checkedMul(*bytes, static_cast<uint64_t>(dim)) : bytes;
  }
  if (!bytes || *bytes > p.sizes.buffers[found->buffer])
    return badInput(
        fmt::format("output {} is larger than its buffer", inQuotes(name)));
  DeviceSpan span = p.arena.sub(p.sizes.arena.offsets[found->buffer], *bytes);
  const std::byte *data = p.device->hostView(span);
  if (!data) {
    p.staging.resize(*bytes);
    Status status =
        p.device->download(*p.stream, p.staging.data(), span, *bytes);
    if (status.ok())
      status = p.device->synchronize(*p.stream);
    if (status.code() == StatusCode::DeviceError)
      p.lost = status;
    SLUICE_TRY(status);
    data = p.staging.data();
  }
  view.bytes = {data, static_cast<size_t>(*bytes)};
  return view;
}

Result<std::span<const float>> Context::logits() {
  SLUICE_ASSIGN(OutputView view, output("logits"));
  return std::span(reinterpret_cast<const float *>(view.bytes.data()),
                   view.bytes.size() / sizeof(float));
}

uint32_t Context::kept(uint32_t slot) const { return parts->state->kept(slot); }

Status Context::reset(uint32_t slot) {
  if (slot >= parts->options.slots)
    return invalidArgument(fmt::format("reset: expected a slot of 0 to {}, got "
                                       "{}",
                                       parts->options.slots - 1, slot));
  if (!parts->lost.ok())
    return parts->lost;
  return parts->state->reset(*parts->stream, slot);
}

const Model &Context::model() const { return *parts->model; }
const ContextOptions &Context::options() const { return parts->options; }
std::string_view Context::target() const { return parts->options.target; }
const MemoryBill &Context::bill() const { return parts->bill; }

} // namespace sluice
