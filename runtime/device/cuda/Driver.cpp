#include "runtime/device/cuda/Driver.h"

#include <fmt/format.h>

#include <dlfcn.h>

namespace sluice::cuda {
namespace {

constexpr Code kOutOfMemory = 2;

Status load(Driver &driver) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return deviceError(fmt::format("expected NVIDIA's driver, found none: {}; "
                                   "is it installed, and this a machine with "
                                   "a GPU?",
                                   dlerror()));
#define SLUICE_CUDA_ENTRY(field, symbol, parameters)                           \
  driver.field =                                                               \
      reinterpret_cast<decltype(driver.field)>(dlsym(library, symbol));        \
  if (driver.field == nullptr)                                                 \
    return deviceError(fmt::format("libcuda.so.1 has no {}; a driver of CUDA " \
                                   "12 or newer has",                          \
                                   symbol));
#include "runtime/device/cuda/EntryPoints.def"
#undef SLUICE_CUDA_ENTRY
  return driver.check(driver.init(0), "cuInit");
}

} // namespace

Result<const Driver *> Driver::open() {
  static Driver driver;
  static const Status status = [] {
    SLUICE_TRY(load(driver));
    return driver.check(driver.driverGetVersion(&driver.theVersion),
                        "cuDriverGetVersion");
  }();
  if (!status.ok())
    return status;
  return &driver;
}

Status Driver::check(Code code, const char *call) const {
  if (code == kSuccess)
    return {};
  const char *name = nullptr;
  if (getErrorName(code, &name) != kSuccess || name == nullptr)
    name = "an error without a name";
  std::string text = fmt::format("{} failed: {} ({})", call, name, code);
  return code == kOutOfMemory ? outOfMemory(text) : deviceError(text);
}

} // namespace sluice::cuda
