#pragma once

#include "runtime/device/Device.h"
#include "runtime/executor/Model.h"
#include "runtime/executor/Sizes.h"

#include <functional>
#include <vector>

namespace sluice {

/// Where kernels find the weights: an address, or the address of a table of
/// addresses, for each layer of each stack. Device and model must outlive it.
class Parameters {
public:
  /// Gives the device each tensor once, in the order of the files. `loading`:
  /// as ContextOptions has it; may be empty.
  static Result<Parameters>
  create(Device &device, Stream &stream, const Model &model, const Sizes &sizes,
         const std::function<bool(uint64_t)> &loading);

  /// The word a launch receives for layer `layer` of stack `stack`.
  uint64_t address(uint32_t stack, uint32_t layer) const {
    return addresses[firstOf[stack] + layer];
  }

private:
  std::vector<uint64_t> addresses; // of all stacks, layer by layer
  std::vector<size_t> firstOf;     // into addresses, by stack
};

} // namespace sluice
