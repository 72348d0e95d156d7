#pragma once

#include "runtime/device/Device.h"
#include "runtime/executor/ExprValues.h"
#include "runtime/executor/Parameters.h"
#include "runtime/executor/Sizes.h"
#include "runtime/executor/StepInput.h"

#include <vector>

namespace sluice {

/// Where the arguments of launches point.
struct LaunchMemory {
  DeviceSpan arena;
  const Parameters &parameters;
  const StateMemory &state;
  const InputMemory &inputs;
};

/// The launch list of a plan with every argument resolved to its word, for one
/// target. A step is prepare, then run; neither allocates.
class Launches {
public:
  static Result<Launches> create(const PlanView &plan, const Sizes &sizes,
                                 const DeviceModule &module,
                                 const LaunchMemory &memory,
                                 const ExprValues &values);

  /// Chooses variants, evaluates grids and values. Errors: a sentence about the
  /// plan, before anything has run; `values` must be bound to the step.
  Status prepare(const ExprValues &values);

  /// Starts all stages of the prepared step, in order.
  Status run(Device &device, Stream &stream) const;

private:
  struct Stage {
    uint32_t grid[3], scratch; // expressions
    StageLaunch launch;        // of the prepared step, without args
    bool skipped;              // it has no blocks
  };
  struct Variant {
    std::vector<PlanView::Bound> guard;
    std::vector<Stage> stages;
    uint32_t index; // in the plan's kernel
  };
  struct Kernel {
    std::string_view name;
    std::vector<Variant> variants; // usable ones
    uint32_t chosen = 0;           // of the prepared step
  };
  /// A word whose value is another at every step.
  struct DynamicWord {
    uint32_t word; // of the launch
    uint32_t expr;
  };
  struct Launch {
    uint32_t kernel;
    uint32_t blocks; // into blockStart: first word for each variant
    std::span<const DynamicWord> dynamic;
  };

  Status addKernel(const PlanView::Kernel &kernel,
                   const std::vector<VariantSizes> &sizes, const PlanView &plan,
                   const DeviceModule &module);
  Status addLaunch(const PlanView &plan, const Sizes &sizes, uint32_t index,
                   const LaunchMemory &memory, const ExprValues &values);
  static Status choose(Kernel &kernel, const ExprValues &values);
  Status prepareKernel(Kernel &kernel, const ExprValues &values) const;
  static Status prepareStage(Stage &stage, const ExprValues &values,
                             uint64_t reserved);

  uint64_t reservedScratch = 0;
  std::vector<Kernel> kernels;
  std::vector<Launch> launches;
  std::vector<size_t> blockStart;
  std::vector<uint64_t> words; // of all launches, once for each variant
  std::vector<DynamicWord> dynamicWords;
};

} // namespace sluice
