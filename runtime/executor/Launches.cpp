#include "runtime/executor/Launches.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Quote.h"

#include <fmt/format.h>

#include <limits>

namespace sluice {

Result<Launches> Launches::create(const PlanView &plan, const Sizes &sizes,
                                  const DeviceModule &module,
                                  const LaunchMemory &memory,
                                  const ExprValues &values) {
  Launches out;
  out.reservedScratch = sizes.scratch;
  for (size_t i = 0; i < plan.kernels.size(); ++i)
    SLUICE_TRY(out.addKernel(plan.kernels[i], sizes.variants[i], plan, module));
  // Launches point into this, so it must not move.
  size_t dynamic = 0;
  for (const PlanView::Launch &launch : plan.launches)
    for (const fb::Arg &arg : launch.args)
      dynamic += arg.kind() == fb::ArgKind::Value &&
                 plan.exprs.dependsOnStep(arg.index());
  out.dynamicWords.reserve(dynamic);
  for (uint32_t i = 0; i < plan.launches.size(); ++i)
    SLUICE_TRY(out.addLaunch(plan, sizes, i, memory, values)
                   .in(fmt::format("launch {}", i)));
  return out;
}

Status Launches::addKernel(const PlanView::Kernel &kernel,
                           const std::vector<VariantSizes> &sizes,
                           const PlanView &plan, const DeviceModule &module) {
  Kernel out{kernel.name, {}, 0};
  for (uint32_t v = 0; v < kernel.variants.size(); ++v) {
    const PlanView::Variant &variant = kernel.variants[v];
    if (!sizes[v].usable)
      continue;
    Variant &bound = out.variants.emplace_back();
    bound.guard = variant.guard;
    bound.index = v;
    for (const PlanView::Stage &stage : variant.stages) {
      SLUICE_ASSIGN(uint64_t entry, module.entry(plan.code[stage.code]));
      bound.stages.push_back(
          {{stage.grid[0], stage.grid[1], stage.grid[2]},
           stage.scratch,
           {entry,
            {1, 1, 1},
            stage.threads,
            kernel.words + static_cast<uint32_t>(variant.buffers.size()),
            0,
            nullptr},
           false});
    }
  }
  kernels.push_back(std::move(out));
  return {};
}

Status Launches::addLaunch(const PlanView &plan, const Sizes &sizes,
                           uint32_t index, const LaunchMemory &memory,
                           const ExprValues &values) {
  const PlanView::Launch &launch = plan.launches[index];
  std::vector<uint64_t> own;
  size_t firstDynamic = dynamicWords.size();
  for (const fb::Arg &arg : launch.args) {
    switch (arg.kind()) {
    case fb::ArgKind::Buffer:
      own.push_back(memory.arena.address + sizes.arena.offsets[arg.index()]);
      break;
    case fb::ArgKind::Input: {
      PlanView::InputKind kind = plan.inputs[arg.index()].kind;
      own.push_back(kind == PlanView::InputKind::Pages
                        ? memory.state.pageTable()
                        : memory.inputs.address(kind));
      break;
    }
    case fb::ArgKind::Parameter:
      own.push_back(memory.parameters.address(arg.index(), arg.layer()));
      break;
    case fb::ArgKind::Log:
      own.push_back(memory.state.pool(arg.index(), arg.layer()));
      own.push_back(plan.states[arg.index()].paged() ? memory.state.pageTable()
                                                     : 0);
      break;
    case fb::ArgKind::Value:
      if (plan.exprs.dependsOnStep(arg.index()))
        dynamicWords.push_back(
            {static_cast<uint32_t>(own.size()), arg.index()});
      else if (values[arg.index()] < 0)
        return values.failure(arg.index());
      own.push_back(static_cast<uint64_t>(values[arg.index()]));
      break;
    case fb::ArgKind::Unknown:
      return badInput("an argument has no kind");
    }
  }
  const Kernel &kernel = kernels[launch.kernel];
  launches.push_back({launch.kernel, static_cast<uint32_t>(blockStart.size()),
                      std::span(dynamicWords).subspan(firstDynamic)});
  uint64_t inner = memory.arena.address + sizes.inner[index];
  for (const Variant &variant : kernel.variants) {
    blockStart.push_back(words.size());
    words.insert(words.end(), own.begin(), own.end());
    for (uint64_t offset : sizes.variants[launch.kernel][variant.index].buffers)
      words.push_back(inner + offset);
  }
  return {};
}

Status Launches::choose(Kernel &kernel, const ExprValues &values) {
  for (uint32_t v = 0; v < kernel.variants.size(); ++v) {
    bool holds = true;
    for (const PlanView::Bound &bound : kernel.variants[v].guard) {
      int64_t value = values[bound.expr];
      if (value < 0)
        return values.failure(bound.expr);
      holds &= value >= bound.atLeast && value <= bound.atMost;
    }
    kernel.chosen = v;
    if (holds)
      return {};
  }
  return incompatible(fmt::format("no variant takes a step of {} rows",
                                  values.symbols()[Symbol::T]));
}

Status Launches::prepareKernel(Kernel &kernel, const ExprValues &values) const {
  SLUICE_TRY(choose(kernel, values));
  for (Stage &stage : kernel.variants[kernel.chosen].stages)
    SLUICE_TRY(prepareStage(stage, values, reservedScratch));
  return {};
}

Status Launches::prepareStage(Stage &stage, const ExprValues &values,
                              uint64_t reserved) {
  stage.skipped = false;
  std::optional<uint64_t> blocks = 1;
  for (size_t i = 0; i < 3; ++i) {
    int64_t value = values[stage.grid[i]];
    if (value < 0)
      return values.failure(stage.grid[i]);
    if (value > std::numeric_limits<uint32_t>::max())
      return invalidArgument(
          fmt::format("a grid of {} blocks along one axis", value));
    stage.launch.grid[i] = static_cast<uint32_t>(value);
    stage.skipped |= value == 0;
    blocks =
        blocks ? checkedMul(*blocks, static_cast<uint64_t>(value)) : blocks;
  }
  if (!blocks && !stage.skipped)
    return invalidArgument("a grid of more than 2^64 blocks");
  int64_t scratch = values[stage.scratch];
  if (scratch < 0)
    return values.failure(stage.scratch);
  stage.launch.scratch = static_cast<uint64_t>(scratch);
  if (stage.launch.scratch > reserved)
    return badInput(fmt::format("a block asks for {} bytes of scratch, at the "
                                "largest step it asks for {}",
                                scratch, reserved));
  return {};
}

Status Launches::prepare(const ExprValues &values) {
  for (Kernel &kernel : kernels)
    if (Status status = prepareKernel(kernel, values); !status.ok())
      return status.in("kernel " + inQuotes(kernel.name));
  for (const Launch &launch : launches) {
    uint64_t *args =
        &words[blockStart[launch.blocks + kernels[launch.kernel].chosen]];
    for (const DynamicWord &word : launch.dynamic) {
      if (values[word.expr] < 0)
        return values.failure(word.expr);
      args[word.word] = static_cast<uint64_t>(values[word.expr]);
    }
  }
  return {};
}

Status Launches::run(Device &device, Stream &stream) const {
  for (const Launch &launch : launches) {
    const Kernel &kernel = kernels[launch.kernel];
    const uint64_t *args = &words[blockStart[launch.blocks + kernel.chosen]];
    for (const Stage &stage : kernel.variants[kernel.chosen].stages) {
      if (stage.skipped)
        continue;
      StageLaunch one = stage.launch;
      one.args = args;
      if (Status status = device.launch(stream, one); !status.ok())
        return status.in("kernel " + inQuotes(kernel.name));
    }
  }
  return {};
}

} // namespace sluice
