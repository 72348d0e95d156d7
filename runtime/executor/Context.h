#pragma once

#include "runtime/executor/ContextOptions.h"
#include "runtime/executor/Model.h"
#include "runtime/executor/Sizes.h"
#include "runtime/executor/StepInput.h"

#include <array>
#include <memory>
#include <span>
#include <string_view>

namespace sluice {

/// What a step left, row-major.
struct OutputView {
  fb::DType dtype;
  std::array<int64_t, 8> dims; // the first `rank` count
  uint32_t rank;
  std::span<const std::byte> bytes;

  std::span<const int64_t> shape() const { return std::span(dims).first(rank); }
};

/// A model ready to run: a device, all memory the largest step needs, and the
/// state of `slots` sequences. Calls come from one thread at a time; several
/// contexts may share a model.
class Context {
public:
  /// Errors: InvalidArgument for options; Incompatible if no target of the plan
  /// runs here; OutOfMemory, also if the bill exceeds the limit (before
  /// anything large is allocated).
  static Result<std::unique_ptr<Context>>
  create(std::shared_ptr<const Model> model,
         const ContextOptions &options = {});
  /// On `device`, which runs nothing else.
  static Result<std::unique_ptr<Context>>
  create(std::shared_ptr<const Model> model, const ContextOptions &options,
         std::unique_ptr<Device> device);
  ~Context();

  /// Runs one step to its end. Either it happens as a whole or nothing has
  /// changed; after a DeviceError only destroying the context is left. Does not
  /// allocate. Errors: InvalidArgument if `input` breaks a rule of checkStep.
  Status step(const StepInput &input);

  /// The logits of the last step, [L, vocabulary], good until the next one.
  Result<std::span<const float>> logits();
  /// Any output of the last step by name, good until the next one.
  /// Errors: InvalidArgument if the plan has no output `name`, or before the
  /// first step.
  Result<OutputView> output(std::string_view name);

  /// Tokens that `slot` has kept: the position its next token must have.
  /// `slot` < options().slots.
  uint32_t kept(uint32_t slot) const;
  /// Forgets what `slot` has kept. Errors: InvalidArgument for a bad slot.
  Status reset(uint32_t slot);

  const Model &model() const;
  /// The options with every choice made.
  const ContextOptions &options() const;
  std::string_view target() const; // name of the one that runs
  const MemoryBill &bill() const;

private:
  struct Parts;
  explicit Context(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts;
};

/// What a context with these options would take, without making one.
/// `target` as ContextOptions::target. Errors: as Context::create.
Result<MemoryBill> memoryBill(const Model &model,
                              const ContextOptions &options);

} // namespace sluice
