#pragma once

#include "runtime/device/Device.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// The NVIDIA GPU number `ordinal` through its driver, libcuda.so.1. Weights
/// are copied to it once, in the order of the calls, through two pinned
/// buffers. An error names the call, and of a failed launch the kernels before
/// it, the last first. Errors: DeviceError if there is no driver or no such
/// GPU.
Result<std::unique_ptr<Device>> createCudaDevice(int ordinal);

/// "cuda:0  NVIDIA H100 80GB HBM3, compute capability 9.0, driver for
/// CUDA 13.0" for each GPU; empty without a driver.
std::vector<std::string> listCudaDevices();

} // namespace sluice
