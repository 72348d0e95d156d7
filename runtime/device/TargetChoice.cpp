#include "runtime/device/TargetChoice.h"

#include "runtime/base/Quote.h"

#include <fmt/format.h>

namespace sluice {

/// Whether `target` fits `device` and can run the whole plan.
static Status fits(const Device &device, const PlanView::Target &target) {
  if (!target.complete)
    return incompatible(fmt::format("some kernels have no code for target {}",
                                    inQuotes(target.name)));
  return device.supports(target);
}

Result<uint32_t> chooseTarget(const Device &device, const PlanView &plan,
                              std::string_view forced) {
  std::string known, reasons;
  for (size_t i = plan.targets.size(); i-- > 0;) {
    const PlanView::Target &target = plan.targets[i];
    if (!forced.empty() && target.name != forced) {
      known = inQuotes(target.name) + (known.empty() ? "" : ", ") + known;
      continue;
    }
    Status status = fits(device, target);
    if (status.ok())
      return static_cast<uint32_t>(i);
    if (!forced.empty())
      return status;
    reasons += (reasons.empty() ? "" : "; ") + status.message();
  }
  if (!forced.empty())
    return invalidArgument(fmt::format(
        "the plan has no target {}, it has {}; compile for it, or choose "
        "another one",
        inQuotes(forced), known));
  return incompatible(fmt::format(
      "no target of the plan runs on the device {}: {}; compile for this host",
      device.name(), reasons));
}

} // namespace sluice
