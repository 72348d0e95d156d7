#include "test/runtime/device/cuda/fake/FakeDriver.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace sluice::fake {

using cuda::Code;

constexpr Code kHang = -1, kCorrupt = -2; // what a fault may be instead

// Errors after which a context is of no more use (CUDA Driver API, CUresult).
static bool isSticky(Code code) {
  return code == 214 || (code >= 700 && code <= 719 && code != 701) ||
         code == 999;
}

static const char *setting(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

static uint64_t memoryBytes() {
  const char *size = setting("SLUICE_FAKE_CUDA_BYTES");
  return *size ? std::strtoull(size, nullptr, 10) : uint64_t(8) << 30;
}

FakeDriver &FakeDriver::get() {
  static auto *driver = new FakeDriver; // calls may come until the very end
  return *driver;
}

FakeDriver::FakeDriver() {
  std::string fault = setting("SLUICE_FAKE_CUDA_FAULT");
  if (size_t colon = fault.find(':'), equals = fault.find('=');
      colon != std::string::npos && equals != std::string::npos) {
    std::string code = fault.substr(equals + 1);
    faults[fault.substr(0, colon)] = {
        std::strtoull(fault.c_str() + colon + 1, nullptr, 10),
        code == "hang"      ? kHang
        : code == "corrupt" ? kCorrupt
                            : int(std::strtol(code.c_str(), nullptr, 10))};
  }
  random.seed(std::strtoul(setting("SLUICE_FAKE_CUDA_SEED"), nullptr, 10));
  if (std::string(setting("SLUICE_FAKE_CUDA_CHECKS")) == "all")
    options.checks = sim::Checks::all();
  options.threads = 2;
  bytes = memoryBytes();
  if (const char *file = setting("SLUICE_FAKE_CUDA_LOG"); *file)
    log = std::fopen(file, "w");
  streams.push_back(std::make_unique<StreamState>()); // the default one
}

Code FakeDriver::enter(const char *name) {
  if (log) {
    std::fprintf(log, "%s\n", name);
    std::fflush(log);
  }
  uint64_t count = ++calls[name];
  if (fired)
    callsSince += std::string(callsSince.empty() ? "" : " ") + name;
  if (sticky != 0 && std::string_view(name) != "cuGetErrorName")
    return sticky;
  auto found = faults.find(name);
  if (found == faults.end() || found->second.at != count)
    return 0;
  fired = true;
  Code code = found->second.code;
  while (code == kHang)
    pause();
  corruptNext = code == kCorrupt;
  if (isSticky(code))
    sticky = code;
  return corruptNext ? 0 : code;
}

void FakeDriver::fault(const char *call, uint64_t count, Code code) {
  faults[call] = {calls[call] + count, code};
}

std::string FakeDriver::held() const {
  std::string text;
  auto add = [&](size_t count, const char *what) {
    if (count != 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(allocations.size(), "allocations");
  add(pinned.size(), "pinned buffers");
  add(streams.size() - 1, "streams");
  add(size_t(events), "events");
  add(size_t(modules), "modules");
  add(size_t(contexts), "contexts");
  return text;
}

void FakeDriver::reset() {
  for (const auto &stream : streams)
    stream->queue.clear();
  faults.clear();
  calls.clear();
  callsSince.clear();
  fired = corruptNext = false;
  sticky = 0;
  bytes = memoryBytes();
}

static FakeDriver::StreamState *stateOf(FakeDriver &driver,
                                        cuda::Stream stream) {
  return stream ? reinterpret_cast<FakeDriver::StreamState *>(stream)
                : driver.streams.front().get();
}

Code FakeDriver::queue(cuda::Stream stream, std::function<Code()> run) {
  stateOf(*this, stream)->queue.push_back({std::move(run)});
  return 0;
}

Code FakeDriver::record(cuda::Event event, cuda::Stream stream) {
  auto *state = reinterpret_cast<EventState *>(event);
  state->mark = ++marks;
  passed[state->mark] = false;
  stateOf(*this, stream)->queue.push_back({nullptr, 0, state->mark});
  return 0;
}

Code FakeDriver::wait(cuda::Stream stream, cuda::Event event) {
  uint64_t mark = reinterpret_cast<EventState *>(event)->mark;
  if (mark != 0)
    stateOf(*this, stream)->queue.push_back({nullptr, mark, 0});
  return 0;
}

bool FakeDriver::step() {
  std::vector<StreamState *> able;
  for (const auto &stream : streams)
    if (!stream->queue.empty() && (stream->queue.front().waitsFor == 0 ||
                                   passed[stream->queue.front().waitsFor]))
      able.push_back(stream.get());
  if (able.empty())
    return false;
  StreamState *chosen = able[random() % able.size()];
  StreamState::Work work = std::move(chosen->queue.front());
  chosen->queue.pop_front();
  if (work.run)
    if (Code code = work.run(); code != 0)
      sticky = code;
  if (work.passes != 0)
    passed[work.passes] = true;
  return true;
}

Code FakeDriver::until(const std::function<bool()> &done) {
  while (sticky == 0 && !done())
    if (!step()) {
      std::fputs("fake libcuda: streams wait for each other\n", stderr);
      std::abort();
    }
  return sticky;
}

Code FakeDriver::drain(cuda::Stream stream) {
  StreamState *state = stateOf(*this, stream);
  return until([state] { return state->queue.empty(); });
}

Code FakeDriver::pass(cuda::Event event) {
  uint64_t mark = reinterpret_cast<EventState *>(event)->mark;
  return until([this, mark] { return mark == 0 || passed[mark]; });
}

Code FakeDriver::drainAll() {
  return until([this] {
    for (const auto &stream : streams)
      if (!stream->queue.empty())
        return false;
    return true;
  });
}

Code FakeDriver::launch(const Function &function,
                        const sim::Simulator::Grid &grid,
                        std::vector<std::byte> parameters) {
  auto report = simulator.launch(*function.module, function.name, grid,
                                 parameters, options);
  if (!report.ok()) {
    std::fprintf(stderr, "fake libcuda: %s\n",
                 report.status().message().c_str());
    return 719;
  }
  for (const sim::Finding &finding : report->findings)
    std::fprintf(stderr, "fake libcuda: %s\n", sim::textOf(finding).c_str());
  return report->findings.empty() ? 0 : 719;
}

bool FakeDriver::isPinned(const void *host, size_t size) const {
  auto after = pinned.upper_bound(host);
  if (after == pinned.begin())
    return false;
  auto [begin, length] = *std::prev(after);
  return static_cast<const char *>(host) + size <=
         static_cast<const char *>(begin) + length;
}

} // namespace sluice::fake
