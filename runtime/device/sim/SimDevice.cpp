#include "runtime/device/sim/SimDevice.h"

#include "runtime/base/Quote.h"

#include <fmt/format.h>

#include <deque>
#include <string>

namespace sluice {
namespace {

constexpr uint64_t mostScratch = 227 * 1024; // shared memory of a block, sm_90

/// A kernel that can be launched; entries are addresses of these.
struct Kernel {
  sim::LoadedModule *module;
  std::string name;
  uint32_t parameterBytes;
};

class SimModule : public DeviceModule {
public:
  SimModule(sim::Simulator &simulator, sim::LoadedModule *module,
            std::deque<Kernel> &kernels)
      : simulator(simulator), module(module), kernels(kernels) {}

  Result<uint64_t> entry(const PlanView::Code &code) const override {
    Result<sim::KernelInfo> info = simulator.kernel(*module, code.entry);
    if (!info.ok())
      return badInput(info.status().message());
    kernels.push_back({module, std::move(info->name), info->parameterBytes});
    return reinterpret_cast<uint64_t>(&kernels.back());
  }

private:
  sim::Simulator &simulator;
  sim::LoadedModule *module;
  std::deque<Kernel> &kernels; // of the device; addresses stay
};

class SimDevice : public Device {
public:
  explicit SimDevice(const SimDeviceOptions &options) : options(options) {
    simulator.memory().setLimit(options.memoryBytes);
  }

  std::string_view name() const override { return "sim"; }

  Status supports(const PlanView::Target &target) const override {
    if (target.kind != fb::TargetKind::Cuda)
      return incompatible(
          fmt::format("target {} is not for a GPU", inQuotes(target.name)));
    return {};
  }

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
    std::string text(reinterpret_cast<const char *>(image.data()),
                     image.size());
    codeBytes += text.size();
    SLUICE_ASSIGN(
        sim::LoadedModule * module,
        simulator.load(std::move(text), fmt::format("{}.ptx", target.name)));
    return std::unique_ptr<DeviceModule>(
        new SimModule(simulator, module, kernels));
  }

  Result<DeviceSpan> allocate(uint64_t bytes) override {
    if (bytes == 0)
      return DeviceSpan{};
    SLUICE_ASSIGN(uint64_t address,
                  simulator.memory().allocate(
                      fmt::format("allocation {}", ++allocated), bytes));
    return DeviceSpan{address, bytes};
  }
  void free(DeviceSpan span) override {
    if (span.bytes != 0)
      (void)simulator.memory().free(span.address);
  }

  Result<DeviceSpan> share(std::span<const std::byte> bytes) override {
    if (bytes.empty())
      return DeviceSpan{};
    return DeviceSpan{
        simulator.memory().share(fmt::format("shared {}", ++allocated), bytes),
        bytes.size()};
  }
  const std::byte *hostView(DeviceSpan) const override { return nullptr; }

  Status upload(Stream &, DeviceSpan target, const void *source,
                uint64_t bytes) override {
    if (target.bytes < bytes)
      return invalidArgument(fmt::format("upload: {} bytes into a span of {}",
                                         bytes, target.bytes));
    return bytes == 0 ? Status()
                      : simulator.memory().write(target.address, source, bytes);
  }
  Status download(Stream &, void *target, DeviceSpan source,
                  uint64_t bytes) override {
    if (source.bytes < bytes)
      return invalidArgument(fmt::format("download: {} bytes from a span of {}",
                                         bytes, source.bytes));
    return bytes == 0 ? Status()
                      : simulator.memory().read(source.address, target, bytes);
  }
  Status fill(Stream &, DeviceSpan target, uint8_t value) override {
    return target.bytes == 0
               ? Status()
               : simulator.memory().fill(target.address, value, target.bytes);
  }

  Status reserveScratch(uint64_t bytes) override {
    if (bytes > mostScratch)
      return incompatible(
          fmt::format("a kernel's blocks use {} bytes of shared memory, the "
                      "simulated device has {}",
                      bytes, mostScratch));
    return {};
  }

  Status launch(Stream &, const StageLaunch &stage) override;

  // Everything is done when its call returns, so there is nothing to wait for.
  Status record(Stream &, Event &) override { return {}; }
  Status wait(Stream &, Event &) override { return {}; }
  Status synchronize(Event &) override { return {}; }
  Status synchronize(Stream &) override { return {}; }

  uint64_t overheadBytes() const override { return codeBytes; }

private:
  SimDeviceOptions options;
  sim::Simulator simulator;
  std::deque<Kernel> kernels;
  uint64_t codeBytes = 0, allocated = 0;
};

Status SimDevice::launch(Stream &, const StageLaunch &stage) {
  const Kernel &kernel = *reinterpret_cast<const Kernel *>(stage.entry);
  sim::Simulator::Grid grid;
  std::copy(stage.grid, stage.grid + 3, grid.blocks);
  grid.threads[0] = stage.threads;
  grid.dynamicShared = stage.scratch;
  std::span<const uint64_t> words(stage.args, stage.words);
  Result<sim::LaunchReport> report = simulator.launch(
      *kernel.module, kernel.name, grid, std::as_bytes(words), options.launch);
  if (!report.ok())
    return deviceError(report.status().message());
  if (report->findings.empty()) {
    if (options.observe)
      options.observe(kernel.name, *report);
    return {};
  }
  std::string more =
      report->findings.size() == 1
          ? ""
          : fmt::format(" (and {} more findings)", report->findings.size() - 1);
  return deviceError(
      fmt::format("{}{}", sim::textOf(report->findings.front()), more));
}

} // namespace

std::unique_ptr<Device> createSimDevice(const SimDeviceOptions &options) {
  return std::make_unique<SimDevice>(options);
}

} // namespace sluice
