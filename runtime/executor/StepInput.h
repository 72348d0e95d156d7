#pragma once

#include "runtime/device/Device.h"
#include "runtime/executor/ContextOptions.h"
#include "runtime/executor/Sizes.h"
#include "runtime/executor/StateMemory.h"

#include <span>
#include <vector>

namespace sluice {

/// The ragged batch of one step: T rows (tokens) of S sequences, those of a
/// sequence side by side in ascending position.
struct StepInput {
  std::span<const int32_t> ids;       // [T] tokens, 0 to vocabulary - 1
  std::span<const int32_t> pos;       // [T] positions in their sequences
  std::span<const int32_t> slot;      // [T] where each sequence is kept
  std::span<const int32_t> rows;      // [S + 1] first row of each sequence; T
  std::span<const int32_t> logitRows; // [L] rows whose logits are wanted
};

/// Whether a context can run `step` as its next one. (B1) rows ascend from 0 to
/// T. (B2) Positions in a sequence are consecutive. (B3) One slot a sequence,
/// no slot twice. (B4) The first position is the number of tokens its slot has
/// kept. Everything else is in range. Errors: InvalidArgument.
/// `seen` has one entry a slot, all false before and after.
Status checkStep(const StepInput &step, const ContextOptions &options,
                 uint32_t vocabulary, const StateMemory &state,
                 std::vector<bool> &seen);

/// The device's copy of what a step binds.
class InputMemory {
public:
  static Result<InputMemory>
  create(Device &device, const ContextOptions &options, const Sizes &sizes);

  /// Not of pages, which belong to StateMemory.
  uint64_t address(PlanView::InputKind kind) const {
    return spans[static_cast<size_t>(kind)].address;
  }

  /// Copies a checked step. The spans of `step` must stay until `stream` has
  /// passed the copies.
  Status upload(Stream &stream, const StepInput &step);

private:
  explicit InputMemory(Device &device) : device(&device) {}
  Status upload(Stream &stream, PlanView::InputKind kind,
                std::span<const int32_t> values) {
    return device->upload(stream, spans[static_cast<size_t>(kind)],
                          values.data(), values.size_bytes());
  }

  Device *device;
  std::array<DeviceSpan, PlanView::numInputKinds> spans{};
  std::vector<int32_t> first; // of each row: where its sequence begins
};

} // namespace sluice
