#include "runtime/device/cpu/CpuDevice.h"

#include "runtime/base/Quote.h"
#include "runtime/device/cpu/CodeImage.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sched.h>
#include <sys/mman.h>

namespace sluice {
namespace {

class CpuModule : public DeviceModule {
public:
  explicit CpuModule(CodeImage image) : image(std::move(image)) {}

  Result<uint64_t> entry(const PlanView::Code &code) const override {
    if (code.offset >= image.size())
      return badInput(fmt::format("code offset {} lies outside the image of {} "
                                  "bytes",
                                  code.offset, image.size()));
    return reinterpret_cast<uint64_t>(image.data() + code.offset);
  }

private:
  CodeImage image;
};

class CpuDevice : public Device {
public:
  CpuDevice(std::unique_ptr<ThreadPool> pool, const CpuRegisters &registers)
      : features(registers), pool(std::move(pool)) {}

  ~CpuDevice() override {
    for (const auto &[address, bytes] : allocations)
      munmap(reinterpret_cast<void *>(address), bytes);
  }

  std::string_view name() const override { return "cpu"; }

  Status supports(const PlanView::Target &target) const override;

  Result<std::unique_ptr<Stream>> createStream() override {
    return std::unique_ptr<Stream>(new Stream);
  }
  Result<std::unique_ptr<Event>> createEvent() override {
    return std::unique_ptr<Event>(new Event);
  }

  Result<std::unique_ptr<DeviceModule>>
  load(const PlanView::Target &target, std::span<const uint8_t> image,
       std::span<const uint8_t>) override {
    SLUICE_TRY(supports(target));
    SLUICE_ASSIGN(CodeImage code, CodeImage::load(image));
    codeBytes += code.mapped();
    return std::unique_ptr<DeviceModule>(new CpuModule(std::move(code)));
  }

  Result<DeviceSpan> allocate(uint64_t bytes) override;
  void free(DeviceSpan span) override;

  Result<DeviceSpan> share(std::span<const std::byte> bytes) override {
    return DeviceSpan{reinterpret_cast<uint64_t>(bytes.data()), bytes.size()};
  }
  const std::byte *hostView(DeviceSpan span) const override {
    return pointer(span);
  }

  Status upload(Stream &, DeviceSpan target, const void *source,
                uint64_t bytes) override {
    if (target.bytes < bytes)
      return invalidArgument(fmt::format("upload: {} bytes into a span of {}",
                                         bytes, target.bytes));
    if (bytes > 0)
      std::memcpy(pointer(target), source, bytes);
    return {};
  }
  Status download(Stream &, void *target, DeviceSpan source,
                  uint64_t bytes) override {
    if (source.bytes < bytes)
      return invalidArgument(fmt::format("download: {} bytes from a span of {}",
                                         bytes, source.bytes));
    if (bytes > 0)
      std::memcpy(target, pointer(source), bytes);
    return {};
  }
  Status fill(Stream &, DeviceSpan target, uint8_t value) override {
    if (target.bytes > 0)
      std::memset(pointer(target), value, target.bytes);
    return {};
  }

  Status reserveScratch(uint64_t bytes) override {
    return pool->reserveScratch(bytes);
  }

  Status launch(Stream &, const StageLaunch &stage) override {
    pool->run({reinterpret_cast<BlockFunction>(stage.entry), stage.args,
               stage.grid[0], stage.grid[1], stage.grid[2]});
    return {};
  }

  // Everything is done when its call returns, so there is nothing to wait for.
  Status record(Stream &, Event &) override { return {}; }
  Status wait(Stream &, Event &) override { return {}; }
  Status synchronize(Event &) override { return {}; }
  Status synchronize(Stream &) override { return {}; }

  uint64_t overheadBytes() const override {
    return uint64_t(pool->scratchBytes()) * pool->threads() + codeBytes;
  }

private:
  static std::byte *pointer(DeviceSpan span) {
    return reinterpret_cast<std::byte *>(span.address);
  }

  HostFeatures features;
  std::unique_ptr<ThreadPool> pool;
  std::map<uint64_t, uint64_t> allocations; // bytes by address
  uint64_t codeBytes = 0;
};

Status CpuDevice::supports(const PlanView::Target &target) const {
  if (target.kind != fb::TargetKind::Cpu)
    return incompatible(
        fmt::format("target {} is not for a CPU", inQuotes(target.name)));
  for (std::string_view feature : target.features) {
    if (!HostFeatures::isKnown(feature))
      return incompatible(fmt::format(
          "target {} needs {}, which this runtime does not know; use a newer "
          "sluice",
          inQuotes(target.name), inQuotes(feature)));
    if (!features.has(feature))
      return incompatible(
          fmt::format("target {} needs {}, which this host does not have",
                      inQuotes(target.name), feature));
  }
  return {};
}

Result<DeviceSpan> CpuDevice::allocate(uint64_t bytes) {
  if (bytes == 0)
    return DeviceSpan{};
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return outOfMemory(fmt::format("the system gives no {} bytes", bytes));
  auto address = reinterpret_cast<uint64_t>(memory);
  allocations[address] = bytes;
  return DeviceSpan{address, bytes};
}

void CpuDevice::free(DeviceSpan span) {
  auto it = allocations.find(span.address);
  if (it == allocations.end())
    return;
  munmap(pointer(span), it->second);
  allocations.erase(it);
}

} // namespace

Result<std::unique_ptr<Device>> createCpuDevice(unsigned threads,
                                                const CpuRegisters &registers) {
  SLUICE_ASSIGN(std::unique_ptr<ThreadPool> pool, ThreadPool::create(threads));
  return std::unique_ptr<Device>(new CpuDevice(std::move(pool), registers));
}

unsigned availableThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return std::max(1u, std::thread::hardware_concurrency());
  return std::clamp<unsigned>(CPU_COUNT(&set), 1, ThreadPool::maxThreads);
}

} // namespace sluice
