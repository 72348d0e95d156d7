#pragma once

#include "runtime/executor/Arena.h"
#include "runtime/executor/ContextOptions.h"

#include <array>
#include <vector>

namespace sluice {

/// What a variant needs at most.
struct VariantSizes {
  bool usable = false;           // a step of the context can take it
  std::vector<uint64_t> buffers; // offset of each within the launch's bytes
  uint64_t bytes = 0;            // of all its buffers
  uint64_t scratch = 0;          // bytes a block, of its largest stage
};

/// All memory of a context, from the plan and the largest step it takes. Made
/// before anything is allocated.
struct Sizes {
  /// Errors: OutOfMemory for what does not fit 63 bits; InvalidArgument if an
  /// expression has no value at `options` (resolved).
  static Result<Sizes> of(const PlanView &plan, const ContextOptions &options,
                          uint32_t target);

  std::vector<std::vector<VariantSizes>> variants; // by kernel, as in the plan
  std::vector<uint64_t> buffers;                   // bytes of Plan.buffers
  std::vector<uint64_t> inner;  // by launch: offset of its variants' buffers
  Arena arena;                  // of buffers, then of launches
  std::vector<uint64_t> states; // bytes of one layer, by Plan.states
  uint64_t pagesPerSlot = 0;    // 0: no state is paged
  std::array<uint64_t, PlanView::numInputKinds> inputs{}; // bytes of each
  uint64_t stateBytes = 0; // of all layers of all states
  uint64_t inputBytes = 0;
  uint64_t tableBytes = 0; // of pointer tables
  uint64_t scratch = 0;    // bytes a block, of the largest stage
  uint64_t codeBytes = 0;
};

/// Who takes how many bytes of memory in a context.
struct MemoryBill {
  uint64_t weights; // mapped from the checkpoint, shared by all; not in total
  uint64_t arena, states, inputs, tables, scratch, code;
  /// What the context allocates.
  uint64_t total() const {
    return arena + states + inputs + tables + scratch + code;
  }
};
MemoryBill billOf(const Sizes &sizes, unsigned threads, uint64_t weights);

} // namespace sluice
