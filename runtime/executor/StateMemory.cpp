#include "runtime/executor/StateMemory.h"

#include <algorithm>

namespace sluice {

Result<StateMemory> StateMemory::create(Device &device, Stream &stream,
                                        const PlanView &plan,
                                        const ContextOptions &options,
                                        const Sizes &sizes) {
  StateMemory out(device, plan);
  out.poisoned = options.poison;
  out.pageTokens = options.pageTokens;
  out.pagesPerSlot = sizes.pagesPerSlot;
  out.lengths.resize(options.slots);
  out.owned.resize(options.slots);
  out.pages.resize(options.slots * sizes.pagesPerSlot, -1);
  // Taken from the back, so in ascending order at first.
  for (size_t i = out.pages.size(); i-- > 0;)
    out.freePages.push_back(static_cast<int32_t>(i));
  SLUICE_ASSIGN(out.table, device.allocate(out.pages.size() * sizeof(int32_t)));
  SLUICE_TRY(device.upload(stream, out.table, out.pages.data(),
                           out.pages.size() * sizeof(int32_t)));
  for (size_t i = 0; i < plan.states.size(); ++i) {
    out.firstPool.push_back(out.pools.size());
    for (uint32_t layer = 0; layer < plan.states[i].instances(); ++layer) {
      SLUICE_ASSIGN(DeviceSpan pool, device.allocate(sizes.states[i]));
      out.pools.push_back(pool);
      if (options.poison)
        SLUICE_TRY(device.fill(stream, pool, poisonByte));
    }
  }
  return out;
}

Status StateMemory::grow(Stream &stream, uint32_t slot, uint32_t tokens) {
  if (pagesPerSlot == 0)
    return {};
  uint64_t needed = (uint64_t(tokens) + pageTokens - 1) / pageTokens;
  uint64_t first = owned[slot];
  if (needed <= first)
    return {};
  uint64_t row = slot * pagesPerSlot;
  // There is a page for every place in the table, so one is always left.
  for (; owned[slot] < needed; ++owned[slot]) {
    pages[row + owned[slot]] = freePages.back();
    freePages.pop_back();
  }
  uint64_t bytes = (needed - first) * sizeof(int32_t);
  return device->upload(stream,
                        table.sub((row + first) * sizeof(int32_t), bytes),
                        &pages[row + first], bytes);
}

Status StateMemory::reset(Stream &stream, uint32_t slot) {
  lengths[slot] = 0;
  if (poisoned)
    SLUICE_TRY(poison(stream, slot));
  if (owned[slot] == 0)
    return {};
  uint64_t row = slot * pagesPerSlot;
  while (owned[slot] > 0) {
    int32_t &page = pages[row + --owned[slot]];
    freePages.push_back(page);
    page = -1;
  }
  uint64_t bytes = pagesPerSlot * sizeof(int32_t);
  return device->upload(stream, table.sub(row * sizeof(int32_t), bytes),
                        &pages[row], bytes);
}

/// Overwrites all that `slot` holds.
Status StateMemory::poison(Stream &stream, uint32_t slot) {
  for (size_t i = 0; i < plan->states.size(); ++i) {
    const PlanView::State &state = plan->states[i];
    for (uint32_t layer = 0; layer < state.instances(); ++layer) {
      DeviceSpan pool = pools[firstPool[i] + layer];
      if (!state.paged()) {
        uint64_t bytes = state.keep * state.rowBytes;
        SLUICE_TRY(
            device->fill(stream, pool.sub(slot * bytes, bytes), poisonByte));
        continue;
      }
      uint64_t bytes = pageTokens / state.every * state.rowBytes;
      for (uint32_t p = 0; p < owned[slot]; ++p) {
        auto page = static_cast<uint64_t>(pages[slot * pagesPerSlot + p]);
        SLUICE_TRY(
            device->fill(stream, pool.sub(page * bytes, bytes), poisonByte));
      }
    }
  }
  return {};
}

} // namespace sluice
