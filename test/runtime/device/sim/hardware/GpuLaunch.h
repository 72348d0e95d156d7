#pragma once

#include "runtime/device/cuda/Driver.h"
#include "test/runtime/device/sim/hardware/Recording.h"

namespace sluice::sim {

/// Runs recordings on the first GPU of this machine.
class GpuLaunch {
public:
  /// Errors: DeviceError if there is no GPU.
  static Result<std::unique_ptr<GpuLaunch>> open();

  /// What the launch left in each memory. Errors: what the driver said.
  Result<std::vector<std::string>> run(const Recording &recording);
  /// The last error was that the PTX is not taken.
  bool wasRefused() const { return refused; }
  /// A launch has failed; no further call works in this process.
  bool isLost() const { return lost; }

private:
  explicit GpuLaunch(const cuda::Driver &driver) : driver(driver) {}
  Result<cuda::ModuleHandle> load(const std::string &ptx);
  Status launch(const Recording &recording, cuda::FunctionHandle function,
                std::string parameters);

  const cuda::Driver &driver;
  bool refused = false, lost = false;
};

} // namespace sluice::sim
