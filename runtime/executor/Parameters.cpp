#include "runtime/executor/Parameters.h"

namespace sluice {
namespace {

/// The address of each tensor that `stack` has for `layer`.
Result<std::vector<uint64_t>> shareTensors(Device &device, const Model &model,
                                           uint32_t stack, uint32_t layer) {
  std::vector<uint64_t> result;
  for (const TensorInfo *tensor : model.tensors(stack, layer)) {
    SLUICE_ASSIGN(DeviceSpan span,
                  device.share({model.checkpoint().data(*tensor),
                                static_cast<size_t>(tensor->bytes)}));
    result.push_back(span.address);
  }
  return result;
}

} // namespace

Result<Parameters> Parameters::create(Device &device, Stream &stream,
                                      const Model &model, const Sizes &sizes) {
  Parameters out;
  SLUICE_ASSIGN(DeviceSpan memory, device.allocate(sizes.tableBytes));
  std::vector<uint64_t> tables; // what `memory` will hold
  tables.reserve(sizes.tableBytes / sizeof(uint64_t));
  for (uint32_t i = 0; i < model.plan().stacks.size(); ++i) {
    const PlanView::Stack &stack = model.plan().stacks[i];
    out.firstOf.push_back(out.addresses.size());
    for (uint32_t layer = 0; layer < stack.instances(); ++layer) {
      SLUICE_ASSIGN(std::vector<uint64_t> tensors,
                    shareTensors(device, model, i, layer));
      if (stack.table == 0) {
        out.addresses.push_back(tensors[0] + stack.offset);
        continue;
      }
      out.addresses.push_back(memory.address +
                              tables.size() * sizeof(uint64_t));
      for (uint64_t entry = 0; entry < stack.table; ++entry)
        tables.push_back(stack.perEntry ? tensors[entry] + stack.offset
                                        : tensors[0] + stack.offset +
                                              entry * stack.stride);
    }
  }
  SLUICE_TRY(device.upload(stream, memory, tables.data(),
                           tables.size() * sizeof(uint64_t)));
  SLUICE_TRY(device.synchronize(stream)); // `tables` goes away
  return out;
}

} // namespace sluice
