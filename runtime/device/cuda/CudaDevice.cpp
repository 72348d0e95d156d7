#include "runtime/device/cuda/CudaDevice.h"

#include "runtime/base/Quote.h"
#include "runtime/device/cuda/CudaObjects.h"
#include "runtime/device/cuda/Uploader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <deque>
#include <map>
#include <set>

namespace sluice {
namespace {

using cuda::CudaEvent;
using cuda::CudaModule;
using cuda::CudaStream;
using cuda::Driver;
using cuda::Kernel;

constexpr size_t kTraced = 8; // launches that an error names

cuda::Stream handleOf(Stream &stream) {
  return static_cast<CudaStream &>(stream).handle;
}
cuda::Event handleOf(Event &event) {
  return static_cast<CudaEvent &>(event).handle;
}

constexpr std::string_view kPrefix = "sm_";

/// 80 of "sm_80".
int processorOf(const PlanView::Target &target) {
  int number = 0;
  std::string_view name = target.name;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(),
                  number);
  return number;
}

class CudaDevice : public Device {
public:
  explicit CudaDevice(const Driver &driver)
      : driver(driver), uploader(driver) {}
  ~CudaDevice() override;

  Status open(int ordinal);

  std::string_view name() const override { return "cuda"; }
  Status supports(const PlanView::Target &target) const override;
  Result<std::unique_ptr<Stream>> createStream() override;
  Result<std::unique_ptr<Event>> createEvent() override;
  Result<std::unique_ptr<DeviceModule>>
  load(const PlanView::Target &target, std::span<const uint8_t> image,
       std::span<const uint8_t> cubin) override;
  Result<DeviceSpan> allocate(uint64_t bytes) override;
  void free(DeviceSpan span) override;
  Result<DeviceSpan> share(std::span<const std::byte> bytes) override;
  const std::byte *hostView(DeviceSpan) const override { return nullptr; }
  Status upload(Stream &stream, DeviceSpan target, const void *source,
                uint64_t bytes) override;
  Status download(Stream &stream, void *target, DeviceSpan source,
                  uint64_t bytes) override;
  Status fill(Stream &stream, DeviceSpan target, uint8_t value) override;
  Status reserveScratch(uint64_t bytes) override;
  Status launch(Stream &stream, const StageLaunch &stage) override;
  Status record(Stream &stream, Event &event) override;
  Status wait(Stream &stream, Event &event) override;
  Status synchronize(Event &event) override;
  Status synchronize(Stream &stream) override;
  Result<uint64_t> freeBytes() override;
  uint64_t overheadBytes() const override { return codeBytes; }

private:
  /// Whether calls can be made; the thread that makes them may be a new one.
  Status ready();
  /// What the driver said; of work that failed, with the last kernels. After a
  /// DeviceError no call is made any more but those that give back.
  Status check(cuda::Code code, const char *call) {
    return noted(driver.check(code, call));
  }
  Status noted(Status status);
  int attribute(int which, Status &status) const;
  /// `what` begins a message. Errors: as load.
  Result<std::unique_ptr<DeviceModule>>
  loadImage(const std::string &what, std::span<const uint8_t> image);
  Status allowShared(Kernel &kernel, uint64_t bytes);

  const Driver &driver;
  cuda::Uploader uploader;
  std::deque<Kernel> kernels;
  std::set<uint64_t> owned;
  std::map<const std::byte *, DeviceSpan> shared; // by host address
  std::deque<std::string_view> trace;             // the last launches
  Status lost;
  uint64_t codeBytes = 0;
  int device = 0, capability = 0, mostShared = 0;
  cuda::Context context = nullptr;
  bool retained = false;
};

CudaDevice::~CudaDevice() {
  for (uint64_t address : owned)
    (void)driver.memFree(address);
  if (retained)
    (void)driver.primaryCtxRelease(device);
}

Status CudaDevice::noted(Status status) {
  if (status.code() != StatusCode::DeviceError)
    return status;
  std::string last =
      trace.empty()
          ? ""
          : fmt::format("; the last kernels, latest first: {}",
                        fmt::join(trace.rbegin(), trace.rend(), ", "));
  lost = deviceError(status.message() + last);
  return lost;
}

Status CudaDevice::ready() {
  if (!lost.ok())
    return lost;
  return check(driver.ctxSetCurrent(context), "cuCtxSetCurrent");
}

int CudaDevice::attribute(int which, Status &status) const {
  int value = 0;
  if (status.ok())
    status = driver.check(driver.deviceGetAttribute(&value, which, device),
                          "cuDeviceGetAttribute");
  return value;
}

Status CudaDevice::open(int ordinal) {
  int count = 0;
  SLUICE_TRY(check(driver.deviceGetCount(&count), "cuDeviceGetCount"));
  if (ordinal < 0 || ordinal >= count)
    return deviceError(fmt::format(
        "expected a GPU number {}, found {}; sluice check --list-devices lists "
        "them",
        ordinal, count == 0 ? "no GPU" : fmt::format("0 to {}", count - 1)));
  SLUICE_TRY(check(driver.deviceGet(&device, ordinal), "cuDeviceGet"));
  SLUICE_TRY(check(driver.primaryCtxRetain(&context, device),
                   "cuDevicePrimaryCtxRetain"));
  retained = true;
  SLUICE_TRY(check(driver.ctxSetCurrent(context), "cuCtxSetCurrent"));
  Status status;
  capability = attribute(cuda::kComputeCapabilityMajor, status) * 10 +
               attribute(cuda::kComputeCapabilityMinor, status);
  mostShared = attribute(cuda::kMostSharedBytes, status);
  return status;
}

/// PTX runs on its processor and on all later ones.
Status CudaDevice::supports(const PlanView::Target &target) const {
  if (target.kind != fb::TargetKind::Cuda || !target.name.starts_with(kPrefix))
    return incompatible(
        fmt::format("target {} is not for a GPU", inQuotes(target.name)));
  if (processorOf(target) <= capability)
    return {};
  return incompatible(fmt::format("target {} is newer than this GPU, sm_{}",
                                  inQuotes(target.name), capability));
}

Result<std::unique_ptr<Stream>> CudaDevice::createStream() {
  SLUICE_TRY(ready());
  cuda::Stream handle = nullptr;
  SLUICE_TRY(check(driver.streamCreate(&handle, cuda::kStreamNonBlocking),
                   "cuStreamCreate"));
  auto stream = std::make_unique<CudaStream>(driver);
  stream->handle = handle;
  return std::unique_ptr<Stream>(std::move(stream));
}

Result<std::unique_ptr<Event>> CudaDevice::createEvent() {
  SLUICE_TRY(ready());
  cuda::Event handle = nullptr;
  SLUICE_TRY(check(driver.eventCreate(&handle, cuda::kEventWithoutTime),
                   "cuEventCreate"));
  auto event = std::make_unique<CudaEvent>(driver);
  event->handle = handle;
  return std::unique_ptr<Event>(std::move(event));
}

Result<std::unique_ptr<DeviceModule>>
CudaDevice::load(const PlanView::Target &target, std::span<const uint8_t> image,
                 std::span<const uint8_t> cubin) {
  SLUICE_TRY(ready());
  SLUICE_TRY(supports(target));
  // A cubin is for its major version alone (CUDA C++ Programming Guide, "Binary
  // Compatibility"). What the driver does not take it may make of the PTX.
  if (!cubin.empty() && processorOf(target) / 10 == capability / 10) {
    Result<std::unique_ptr<DeviceModule>> module =
        loadImage(fmt::format("the cubin for {}", target.name), cubin);
    if (module.ok() || module.status().code() != StatusCode::Incompatible)
      return module;
  }
  return loadImage(fmt::format("the PTX for {}", target.name), image);
}

Result<std::unique_ptr<DeviceModule>>
CudaDevice::loadImage(const std::string &what, std::span<const uint8_t> image) {
  std::string bytes(reinterpret_cast<const char *>(image.data()), image.size());
  std::array<char, 2048> log = {};
  int options[] = {cuda::kJitErrorLog, cuda::kJitErrorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  cuda::ModuleHandle module = nullptr;
  Status status =
      check(driver.moduleLoadDataEx(&module, bytes.c_str(), 2, options, values),
            "cuModuleLoadDataEx");
  if (!status.ok())
    return Status(status.code(),
                  fmt::format("{}: {}{}{}", what, status.message(),
                              log[0] ? ": " : "", log.data()));
  codeBytes += bytes.size();
  return std::unique_ptr<DeviceModule>(new CudaModule(driver, module, kernels));
}

Result<DeviceSpan> CudaDevice::allocate(uint64_t bytes) {
  SLUICE_TRY(ready());
  if (bytes == 0)
    return DeviceSpan{};
  cuda::Address address = 0;
  cuda::Code code = driver.memAlloc(&address, bytes);
  if (Status status = check(code, "cuMemAlloc"); !status.ok()) {
    size_t left = 0, total = 0;
    if (status.code() != StatusCode::OutOfMemory ||
        driver.memGetInfo(&left, &total) != cuda::kSuccess)
      return status;
    return outOfMemory(fmt::format("{}; asked for {} bytes, {} of {} are free",
                                   status.message(), bytes, left, total));
  }
  owned.insert(address);
  return DeviceSpan{address, bytes};
}

Result<uint64_t> CudaDevice::freeBytes() {
  SLUICE_TRY(ready());
  size_t left = 0, total = 0;
  SLUICE_TRY(check(driver.memGetInfo(&left, &total), "cuMemGetInfo"));
  return uint64_t(left);
}

void CudaDevice::free(DeviceSpan span) {
  if (owned.erase(span.address) != 0)
    (void)driver.memFree(span.address);
}

Result<DeviceSpan> CudaDevice::share(std::span<const std::byte> bytes) {
  auto known = shared.find(bytes.data());
  if (known != shared.end() && known->second.bytes >= bytes.size())
    return known->second.sub(0, bytes.size());
  SLUICE_ASSIGN(DeviceSpan span, allocate(bytes.size()));
  SLUICE_TRY(noted(uploader.copy(span.address, bytes)));
  shared[bytes.data()] = span;
  return span;
}

Status CudaDevice::upload(Stream &stream, DeviceSpan target, const void *source,
                          uint64_t bytes) {
  SLUICE_TRY(ready());
  if (target.bytes < bytes)
    return invalidArgument(
        fmt::format("upload: {} bytes into a span of {}", bytes, target.bytes));
  if (bytes == 0)
    return {};
  return check(
      driver.memcpyHtoDAsync(target.address, source, bytes, handleOf(stream)),
      "cuMemcpyHtoDAsync");
}

Status CudaDevice::download(Stream &stream, void *target, DeviceSpan source,
                            uint64_t bytes) {
  SLUICE_TRY(ready());
  if (source.bytes < bytes)
    return invalidArgument(fmt::format("download: {} bytes from a span of {}",
                                       bytes, source.bytes));
  if (bytes == 0)
    return {};
  return check(
      driver.memcpyDtoHAsync(target, source.address, bytes, handleOf(stream)),
      "cuMemcpyDtoHAsync");
}

Status CudaDevice::fill(Stream &stream, DeviceSpan target, uint8_t value) {
  SLUICE_TRY(ready());
  if (target.bytes == 0)
    return {};
  return check(driver.memsetD8Async(target.address, value, target.bytes,
                                    handleOf(stream)),
               "cuMemsetD8Async");
}

Status CudaDevice::reserveScratch(uint64_t bytes) {
  if (bytes <= uint64_t(mostShared))
    return {};
  return incompatible(fmt::format("a kernel's blocks use {} bytes of shared "
                                  "memory, this GPU has {}",
                                  bytes, mostShared));
}

Status CudaDevice::allowShared(Kernel &kernel, uint64_t bytes) {
  if (bytes <= kernel.allowedShared)
    return {};
  SLUICE_TRY(check(driver.funcSetAttribute(kernel.function,
                                           cuda::kMaxDynamicSharedBytes,
                                           static_cast<int>(bytes)),
                   "cuFuncSetAttribute"));
  kernel.allowedShared = bytes;
  return {};
}

Status CudaDevice::launch(Stream &stream, const StageLaunch &stage) {
  SLUICE_TRY(ready());
  Kernel &kernel = *reinterpret_cast<Kernel *>(stage.entry);
  SLUICE_TRY(allowShared(kernel, stage.scratch));
  if (trace.size() == kTraced)
    trace.pop_front();
  trace.push_back(kernel.name);
  // CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE, _END: the
  // driver has read the words when the call returns.
  size_t bytes = stage.words * sizeof(uint64_t);
  void *extra[] = {reinterpret_cast<void *>(1),
                   const_cast<uint64_t *>(stage.args),
                   reinterpret_cast<void *>(2), &bytes, nullptr};
  Status status =
      check(driver.launchKernel(kernel.function, stage.grid[0], stage.grid[1],
                                stage.grid[2], stage.threads, 1, 1,
                                static_cast<unsigned>(stage.scratch),
                                handleOf(stream), nullptr, extra),
            "cuLaunchKernel");
  return status.code() == StatusCode::DeviceError
             ? status // names it already
             : status.in(inQuotes(kernel.name));
}

Status CudaDevice::record(Stream &stream, Event &event) {
  SLUICE_TRY(ready());
  return check(driver.eventRecord(handleOf(event), handleOf(stream)),
               "cuEventRecord");
}
Status CudaDevice::wait(Stream &stream, Event &event) {
  SLUICE_TRY(ready());
  return check(driver.streamWaitEvent(handleOf(stream), handleOf(event), 0),
               "cuStreamWaitEvent");
}
Status CudaDevice::synchronize(Event &event) {
  SLUICE_TRY(ready());
  return check(driver.eventSynchronize(handleOf(event)), "cuEventSynchronize");
}
Status CudaDevice::synchronize(Stream &stream) {
  SLUICE_TRY(ready());
  SLUICE_TRY(noted(uploader.finish()));
  return check(driver.streamSynchronize(handleOf(stream)),
               "cuStreamSynchronize");
}

} // namespace

Result<std::unique_ptr<Device>> createCudaDevice(int ordinal) {
  SLUICE_ASSIGN(const Driver *driver, Driver::open());
  auto device = std::make_unique<CudaDevice>(*driver);
  SLUICE_TRY(device->open(ordinal));
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace sluice
