#include "test/runtime/device/sim/hardware/GpuLaunch.h"

#include <array>
#include <cstring>

namespace sluice::sim {
namespace {

/// Pointers in the parameters into memories of the recording, as the GPU has
/// them.
std::string translated(const Recording &recording,
                       const std::vector<cuda::Address> &addresses) {
  std::string parameters = recording.parameters;
  for (size_t at = 0; at + 8 <= parameters.size(); at += 8) {
    uint64_t value = 0;
    std::memcpy(&value, parameters.data() + at, 8);
    for (size_t i = 0; i < addresses.size(); ++i) {
      const Recording::Memory &memory = recording.memories[i];
      if (value < memory.address ||
          value > memory.address + memory.before.size())
        continue;
      value = value - memory.address + addresses[i];
      std::memcpy(parameters.data() + at, &value, 8);
      break;
    }
  }
  return parameters;
}

} // namespace

Result<std::unique_ptr<GpuLaunch>> GpuLaunch::open() {
  SLUICE_ASSIGN(const cuda::Driver *driver, cuda::Driver::open());
  int device = 0;
  cuda::Context context = nullptr;
  SLUICE_TRY(driver->check(driver->deviceGet(&device, 0), "cuDeviceGet"));
  SLUICE_TRY(driver->check(driver->primaryCtxRetain(&context, device),
                           "cuDevicePrimaryCtxRetain"));
  SLUICE_TRY(driver->check(driver->ctxSetCurrent(context), "cuCtxSetCurrent"));
  return std::unique_ptr<GpuLaunch>(new GpuLaunch(*driver));
}

Result<cuda::ModuleHandle> GpuLaunch::load(const std::string &ptx) {
  std::array<char, 4096> log = {};
  int options[] = {cuda::kJitErrorLog, cuda::kJitErrorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  cuda::ModuleHandle module = nullptr;
  Status status = driver.check(
      driver.moduleLoadDataEx(&module, ptx.c_str(), 2, options, values),
      "cuModuleLoadDataEx");
  if (status.ok())
    return module;
  refused = true;
  return status.in(log.data());
}

Status GpuLaunch::launch(const Recording &recording,
                         cuda::FunctionHandle function,
                         std::string parameters) {
  if (recording.dynamicShared > 48 * 1024)
    SLUICE_TRY(driver.check(
        driver.funcSetAttribute(function, cuda::kMaxDynamicSharedBytes,
                                static_cast<int>(recording.dynamicShared)),
        "cuFuncSetAttribute"));
  // CU_LAUNCH_PARAM_BUFFER_POINTER, _BUFFER_SIZE, _END
  size_t bytes = parameters.size();
  void *extra[] = {reinterpret_cast<void *>(1), parameters.data(),
                   reinterpret_cast<void *>(2), &bytes, nullptr};
  const auto &[x, y, z] = recording.blocks;
  const auto &[u, v, w] = recording.threads;
  SLUICE_TRY(driver.check(
      driver.launchKernel(function, x, y, z, u, v, w,
                          static_cast<unsigned>(recording.dynamicShared),
                          nullptr, nullptr, extra),
      "cuLaunchKernel"));
  return driver.check(driver.ctxSynchronize(), "cuCtxSynchronize");
}

Result<std::vector<std::string>> GpuLaunch::run(const Recording &recording) {
  refused = false;
  SLUICE_ASSIGN(cuda::ModuleHandle module, load(recording.ptx));
  cuda::FunctionHandle function = nullptr;
  SLUICE_TRY(driver.check(
      driver.moduleGetFunction(&function, module, recording.kernel.c_str()),
      "cuModuleGetFunction"));
  std::vector<cuda::Address> addresses;
  for (const Recording::Memory &memory : recording.memories) {
    size_t bytes = memory.before.size();
    cuda::Address &address = addresses.emplace_back();
    SLUICE_TRY(driver.check(
        driver.memAlloc(&address, std::max<size_t>(bytes, 1)), "cuMemAlloc"));
    SLUICE_TRY(
        driver.check(driver.memcpyHtoD(address, memory.before.data(), bytes),
                     "cuMemcpyHtoD"));
  }
  Status status = launch(recording, function, translated(recording, addresses));
  if (!status.ok()) {
    lost = true;
    return status;
  }
  std::vector<std::string> results;
  for (size_t i = 0; i < addresses.size(); ++i) {
    std::string &bytes =
        results.emplace_back(recording.memories[i].before.size(), '\0');
    SLUICE_TRY(driver.check(
        driver.memcpyDtoH(bytes.data(), addresses[i], bytes.size()),
        "cuMemcpyDtoH"));
    SLUICE_TRY(driver.check(driver.memFree(addresses[i]), "cuMemFree"));
  }
  SLUICE_TRY(driver.check(driver.moduleUnload(module), "cuModuleUnload"));
  return results;
}

} // namespace sluice::sim
