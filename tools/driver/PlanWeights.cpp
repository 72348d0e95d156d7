#include "tools/driver/PlanWeights.h"

#include "runtime/base/Checked.h"

#include <limits>
#include <set>
#include <tuple>

namespace sluice {
namespace {

constexpr uint64_t most = std::numeric_limits<uint64_t>::max();

uint64_t times(uint64_t a, uint64_t b) {
  return checkedMul(a, b).value_or(most);
}

uint64_t plus(uint64_t a, uint64_t b) {
  return checkedAdd(a, b).value_or(most);
}

uint64_t tensorBytes(const PlanView::Stack &stack) {
  uint64_t bytes = dtypeBytes(stack.dtype);
  for (uint64_t dim : stack.shape)
    bytes = times(bytes, dim);
  return bytes;
}

} // namespace

PlanWeights weightsOf(const PlanView &plan) {
  PlanWeights out;
  // (name, layer) seen so far; a name has "{e}" or not, so that entries need no
  // look.
  std::set<std::pair<std::string_view, uint32_t>> seen;
  for (const PlanView::Stack &stack : plan.stacks) {
    uint64_t one = tensorBytes(stack),
             entries = stack.perEntry ? stack.table : 1;
    StackWeights &weights = out.stacks.emplace_back();
    weights.tensors = times(stack.instances(), entries);
    weights.bytes = times(weights.tensors, one);
    for (uint32_t i = 0; i < stack.instances(); ++i) {
      uint32_t layer = stack.layers.empty() ? 0 : stack.layers[i];
      if (!seen.emplace(stack.name, layer).second)
        continue;
      out.tensors = plus(out.tensors, entries);
      out.bytes = plus(out.bytes, times(entries, one));
    }
  }
  return out;
}

} // namespace sluice
