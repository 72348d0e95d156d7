#include "runtime/device/cuda/CudaObjects.h"

#include "runtime/base/Quote.h"

namespace sluice::cuda {

Result<uint64_t> CudaModule::entry(const PlanView::Code &code) const {
  Kernel kernel;
  kernel.name = code.entry;
  Status status = driver.check(
      driver.moduleGetFunction(&kernel.function, module, kernel.name.c_str()),
      "cuModuleGetFunction");
  if (!status.ok())
    return status.in(inQuotes(kernel.name));
  kernels.push_back(std::move(kernel));
  return reinterpret_cast<uint64_t>(&kernels.back());
}

} // namespace sluice::cuda
