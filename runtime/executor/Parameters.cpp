#include "runtime/executor/Parameters.h"

#include <algorithm>

namespace sluice {
namespace {

struct Shared {
  const std::byte *data; // where the tensor is mapped
  uint64_t bytes, address;
};

/// What the device has, by where it is mapped: by file and, within one, from
/// front to back.
class SharedTensors {
public:
  explicit SharedTensors(const Model &model) : model(model) {
    for (uint32_t i = 0; i < model.plan().stacks.size(); ++i)
      for (uint32_t layer = 0; layer < model.plan().stacks[i].instances();
           ++layer)
        for (const TensorInfo *tensor : model.tensors(i, layer))
          tensors.push_back(
              {model.checkpoint().data(*tensor), uint64_t(tensor->bytes), 0});
    // Where an empty one begins where the next does, the next is kept.
    std::sort(tensors.begin(), tensors.end(),
              [](const Shared &x, const Shared &y) {
                return x.data != y.data ? x.data < y.data : x.bytes > y.bytes;
              });
    auto same = [](const Shared &x, const Shared &y) {
      return x.data == y.data;
    };
    tensors.erase(std::unique(tensors.begin(), tensors.end(), same),
                  tensors.end());
  }

  Status share(Device &device, const std::function<bool(uint64_t)> &loading) {
    uint64_t done = 0;
    for (Shared &tensor : tensors) {
      SLUICE_ASSIGN(DeviceSpan span,
                    device.share({tensor.data, size_t(tensor.bytes)}));
      tensor.address = span.address;
      done += tensor.bytes;
      if (loading && !loading(done))
        return {StatusCode::Failed, "interrupted while weights were loaded"};
    }
    return {};
  }

  uint64_t address(const TensorInfo &tensor) const {
    const std::byte *data = model.checkpoint().data(tensor);
    return std::lower_bound(
               tensors.begin(), tensors.end(), data,
               [](const Shared &x, const std::byte *y) { return x.data < y; })
        ->address;
  }

private:
  const Model &model;
  std::vector<Shared> tensors;
};

} // namespace

Result<Parameters>
Parameters::create(Device &device, Stream &stream, const Model &model,
                   const Sizes &sizes,
                   const std::function<bool(uint64_t)> &loading) {
  Parameters out;
  SharedTensors shared(model);
  SLUICE_TRY(shared.share(device, loading));
  SLUICE_ASSIGN(DeviceSpan memory, device.allocate(sizes.tableBytes));
  std::vector<uint64_t> tables; // what `memory` will hold
  tables.reserve(sizes.tableBytes / sizeof(uint64_t));
  for (uint32_t i = 0; i < model.plan().stacks.size(); ++i) {
    const PlanView::Stack &stack = model.plan().stacks[i];
    out.firstOf.push_back(out.addresses.size());
    for (uint32_t layer = 0; layer < stack.instances(); ++layer) {
      std::span<const TensorInfo *const> tensors = model.tensors(i, layer);
      auto address = [&](uint64_t entry) {
        return shared.address(*tensors[entry]) + stack.offset;
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
