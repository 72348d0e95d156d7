#include "runtime/device/cuda/Driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <dlfcn.h>
#include <iterator>

namespace sluice::cuda {
namespace {

constexpr Code kOutOfMemory = 2;

// Of what was compiled and this device (CUDA Driver API, CUresult): no image
// for it, invalid image, unsupported PTX or its version, symbols, launches that
// need more than it has.
constexpr Code kMismatches[] = {200, 209, 218, 222, 300, 500, 701, 720, 801};

/// What to look at if the machine, not the work, is at fault; "" if it is not.
const char *adviceOn(Code code) {
  switch (code) {
  case 3: // not initialized
    return "; another part of this process may have shut the driver down";
  case 100: // no device
    return "; is there a GPU that CUDA_VISIBLE_DEVICES does not hide?";
  case 101: // invalid device
    return "; sluice check --list-devices lists the GPUs";
  case 802: // system not ready
    return "; GPUs joined by NVSwitch need nvidia-fabricmanager running";
  case 803: // driver mismatch
    return "; libcuda.so.1 and the kernel's driver differ: was one updated "
           "without a restart?";
  default:
    return "";
  }
}

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
  std::string text =
      fmt::format("{} failed: {} ({}){}", call, name, code, adviceOn(code));
  if (code == kOutOfMemory)
    return outOfMemory(text);
  bool mismatch = std::find(std::begin(kMismatches), std::end(kMismatches),
                            code) != std::end(kMismatches);
  return mismatch ? incompatible(text) : deviceError(text);
}

} // namespace sluice::cuda
