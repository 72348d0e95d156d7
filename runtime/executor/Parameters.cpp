#include "runtime/executor/Parameters.h"

#include <algorithm>
#include <map>

namespace sluice {
namespace {

/// Where the device has each tensor, by where it is mapped: by file and, within
/// one, from front to back.
using Addresses = std::map<const std::byte *, uint64_t>;

Status share(Device &device, const Model &model, Addresses &addresses,
             const std::function<bool(uint64_t)> &loading) {
  std::map<const std::byte *, uint64_t> sizes;
  for (uint32_t i = 0; i < model.plan().stacks.size(); ++i)
    for (uint32_t layer = 0; layer < model.plan().stacks[i].instances();
         ++layer)
      for (const TensorInfo *tensor : model.tensors(i, layer)) {
        uint64_t &bytes = sizes[model.checkpoint().data(*tensor)];
        bytes = std::max<uint64_t>(bytes, tensor->bytes); // one may be empty
      }
  uint64_t done = 0;
  for (auto [data, bytes] : sizes) {
    SLUICE_ASSIGN(DeviceSpan span,
                  device.share({data, static_cast<size_t>(bytes)}));
    addresses[data] = span.address;
    done += bytes;
    if (loading && !loading(done))
      return {StatusCode::Failed, "interrupted while weights were loaded"};
  }
  return {};
}

} // namespace

Result<Parameters>
Parameters::create(Device &device, Stream &stream, const Model &model,
                   const Sizes &sizes,
                   const std::function<bool(uint64_t)> &loading) {
  Parameters out;
  Addresses addresses;
  SLUICE_TRY(share(device, model, addresses, loading));
  SLUICE_ASSIGN(DeviceSpan memory, device.allocate(sizes.tableBytes));
  std::vector<uint64_t> tables; // what `memory` will hold
  tables.reserve(sizes.tableBytes / sizeof(uint64_t));
  for (uint32_t i = 0; i < model.plan().stacks.size(); ++i) {
    const PlanView::Stack &stack = model.plan().stacks[i];
    out.firstOf.push_back(out.addresses.size());
    for (uint32_t layer = 0; layer < stack.instances(); ++layer) {
      std::span<const TensorInfo *const> tensors = model.tensors(i, layer);
      auto address = [&](uint64_t entry) {
        return addresses.at(model.checkpoint().data(*tensors[entry])) +
               stack.offset;
      };
      if (stack.table == 0) {
        out.addresses.push_back(address(0));
        continue;
      }
      out.addresses.push_back(memory.address +
                              tables.size() * sizeof(uint64_t));
      for (uint64_t entry = 0; entry < stack.table; ++entry)
        tables.push_back(stack.perEntry ? address(entry)
                                        : address(0) + entry * stack.stride);
    }
  }
  SLUICE_TRY(device.upload(stream, memory, tables.data(),
                           tables.size() * sizeof(uint64_t)));
  SLUICE_TRY(device.synchronize(stream)); // `tables` goes away
  return out;
}

} // namespace sluice
