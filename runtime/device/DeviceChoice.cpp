#include "runtime/device/DeviceChoice.h"

#include "runtime/base/Quote.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/SimDevice.h"

#include <fmt/format.h>

namespace sluice {

Result<std::unique_ptr<Device>> openDevice(std::string_view name,
                                           unsigned threads) {
  if (name.empty() || name == "cpu")
    return createCpuDevice(threads);
  if (name == "sim" || name == "sim:checks=all") {
    SimDeviceOptions options;
    options.launch.threads = threads;
    if (name != "sim")
      options.launch.checks = sim::Checks::all();
    return createSimDevice(options);
  }
  return invalidArgument(
      fmt::format("expected the device cpu, sim or sim:checks=all, found {}",
                  inQuotes(name)));
}

} // namespace sluice
