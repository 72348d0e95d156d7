#include "runtime/device/cuda/CudaDevice.h"

#include "runtime/device/cuda/Driver.h"

#include <fmt/format.h>

#include <array>

namespace sluice {

using cuda::Driver;

std::vector<std::string> listCudaDevices() {
  std::vector<std::string> result;
  Result<const Driver *> opened = Driver::open();
  int count = 0;
  if (!opened.ok() || (*opened)->deviceGetCount(&count) != cuda::kSuccess)
    return result;
  const Driver &driver = **opened;
  for (int i = 0; i < count; ++i) {
    std::array<char, 256> name = {};
    int device = 0, major = 0, minor = 0;
    if (driver.deviceGet(&device, i) != cuda::kSuccess ||
        driver.deviceGetName(name.data(), int(name.size()) - 1, device) !=
            cuda::kSuccess ||
        driver.deviceGetAttribute(&major, cuda::kComputeCapabilityMajor,
                                  device) != cuda::kSuccess ||
        driver.deviceGetAttribute(&minor, cuda::kComputeCapabilityMinor,
                                  device) != cuda::kSuccess)
      continue;
    result.push_back(fmt::format(
        "cuda:{}  {}, compute capability {}.{}, driver for CUDA {}.{}", i,
        name.data(), major, minor, driver.version() / 1000,
        driver.version() % 1000 / 10));
  }
  return result;
}

} // namespace sluice
