#pragma once

#include "runtime/device/Device.h"
#include "runtime/executor/Sizes.h"

#include <span>
#include <vector>

namespace sluice {

/// What poisoned memory is filled with: as float, bfloat16 and the 8-bit
/// formats NaN, as int32 -1.
constexpr uint8_t poisonByte = 0xff;

/// The logs of all sequences: a pool for each layer of each state, and one page
/// table for the paged ones. Knows how many tokens each slot has kept. The
/// device must outlive it; nothing here allocates after create.
class StateMemory {
public:
  static Result<StateMemory> create(Device &device, Stream &stream,
                                    const PlanView &plan,
                                    const ContextOptions &options,
                                    const Sizes &sizes);

  /// Address of the pool of layer `layer` of state `state`.
  uint64_t pool(uint32_t state, uint32_t layer) const {
    return pools[firstPool[state] + layer].address;
  }
  /// Address of the page table, [slots, pagesPerSlot] of int32; -1 where there
  /// is no page. 0 if no state is paged.
  uint64_t pageTable() const { return table.address; }

  uint32_t kept(uint32_t slot) const { return lengths[slot]; }

  /// Gives `slot` the pages that its first `tokens` tokens need and brings the
  /// page table on the device up to date.
  Status grow(Stream &stream, uint32_t slot, uint32_t tokens);
  /// Notes that `slot` has kept `tokens` tokens, after a step.
  void keep(uint32_t slot, uint32_t tokens) { lengths[slot] = tokens; }
  /// Forgets what `slot` has kept and takes its pages back.
  Status reset(Stream &stream, uint32_t slot);

private:
  StateMemory(Device &device, const PlanView &plan)
      : device(&device), plan(&plan) {}
  Status poison(Stream &stream, uint32_t slot);

  Device *device;
  const PlanView *plan;
  bool poisoned = false;
  uint32_t pageTokens = 1;
  uint64_t pagesPerSlot = 0;
  std::vector<DeviceSpan> pools; // of all states, layer by layer
  std::vector<size_t> firstPool; // into pools, by state
  DeviceSpan table;
  std::vector<int32_t> pages;     // the page table
  std::vector<uint32_t> owned;    // pages of each slot, the first entries
  std::vector<int32_t> freePages; // taken from the back
  std::vector<uint32_t> lengths;  // tokens kept, by slot
};

} // namespace sluice
