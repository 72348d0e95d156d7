#include "runtime/device/DeviceChoice.h"

#include "runtime/base/Quote.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cuda/CudaDevice.h"
#include "runtime/device/sim/SimDevice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sluice {
namespace {

/// The N of "cuda:N", 0 of "cuda".
std::optional<int> cudaNumber(std::string_view name) {
  if (name == "cuda")
    return 0;
  constexpr std::string_view prefix = "cuda:";
  if (!name.starts_with(prefix))
    return std::nullopt;
  int number = 0;
  const char *end = name.data() + name.size();
  auto [at, error] = std::from_chars(name.data() + prefix.size(), end, number);
  return error == std::errc() && at == end && number >= 0
             ? std::optional(number)
             : std::nullopt;
}

/// The first GPU, if it can run `plan`.
std::unique_ptr<Device> usableGpu(const PlanView &plan) {
  auto isForGpu = [](const PlanView::Target &target) {
    return target.kind == fb::TargetKind::Cuda && target.complete;
  };
  if (std::none_of(plan.targets.begin(), plan.targets.end(), isForGpu))
    return nullptr;
  Result<std::unique_ptr<Device>> device = createCudaDevice(0);
  if (!device.ok())
    return nullptr;
  for (const PlanView::Target &target : plan.targets)
    if (isForGpu(target) && (*device)->supports(target).ok())
      return std::move(*device);
  return nullptr;
}

} // namespace

Result<std::unique_ptr<Device>>
openDevice(std::string_view name, const PlanView &plan, unsigned threads) {
  if (name.empty())
    if (std::unique_ptr<Device> gpu = usableGpu(plan))
      return gpu;
  if (name.empty() || name == "cpu")
    return createCpuDevice(threads);
  if (std::optional<int> number = cudaNumber(name))
    return createCudaDevice(*number);
  if (name == "sim" || name == "sim:checks=all") {
    SimDeviceOptions options;
    options.launch.threads = threads;
    if (name != "sim")
      options.launch.checks = sim::Checks::all();
    return createSimDevice(options);
  }
  return invalidArgument(fmt::format(
      "expected the device cpu, cuda, cuda:N, sim or sim:checks=all, found {}",
      inQuotes(name)));
}

} // namespace sluice
