#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/cuda/Driver.h"

#include <deque>
#include <string>

namespace sluice::cuda {

/// Blocks may use more shared memory than this only if the function was told.
inline constexpr uint64_t kPlainShared = 48 * 1024;

/// What StageLaunch::entry points to.
struct Kernel {
  FunctionHandle function = nullptr;
  std::string name;
  uint64_t allowedShared = kPlainShared;
};

struct CudaStream : sluice::Stream {
  explicit CudaStream(const Driver &driver) : driver(driver) {}
  ~CudaStream() override { (void)driver.streamDestroy(handle); }
  const Driver &driver;
  cuda::Stream handle = nullptr;
};

struct CudaEvent : sluice::Event {
  explicit CudaEvent(const Driver &driver) : driver(driver) {}
  ~CudaEvent() override { (void)driver.eventDestroy(handle); }
  const Driver &driver;
  cuda::Event handle = nullptr;
};

/// A module that the driver holds. `kernels` belong to the device: addresses
/// stay.
class CudaModule : public DeviceModule {
public:
  CudaModule(const Driver &driver, ModuleHandle module,
             std::deque<Kernel> &kernels)
      : driver(driver), module(module), kernels(kernels) {}
  ~CudaModule() override { (void)driver.moduleUnload(module); }

  Result<uint64_t> entry(const PlanView::Code &code) const override;

private:
  const Driver &driver;
  ModuleHandle module;
  std::deque<Kernel> &kernels;
};

} // namespace sluice::cuda
