// What libcuda.so.1 exports, of that which runtime/device/cuda uses. The types
// are those of CUDA's driver API; each call may be told to fail.

#include "test/runtime/device/cuda/fake/Control.h"
#include "test/runtime/device/cuda/fake/FakeDriver.h"

#include <cstdlib>
#include <cstring>
#include <memory>

using namespace sluice;
using namespace sluice::cuda;
using sluice::fake::FakeDriver;

#define FAKE extern "C" __attribute__((visibility("default"))) Code
#define ENTER(name)                                                            \
  FakeDriver &fake = FakeDriver::get();                                        \
  std::lock_guard guard(fake.mutex);                                           \
  if (Code code = fake.enter(name); code != 0)                                 \
  return code

// A call that gives something back does so even if it returns an error.
#define RELEASE(name)                                                          \
  FakeDriver &fake = FakeDriver::get();                                        \
  std::lock_guard guard(fake.mutex);                                           \
  Code entered = fake.enter(name)

namespace {
constexpr Code kInvalidValue = 1, kOutOfMemory = 2, kNotFound = 500;
constexpr Code kNoBinary = 209, kInvalidPtx = 218;

std::vector<std::byte> bytesAt(const void *from, size_t size) {
  const auto *first = static_cast<const std::byte *>(from);
  return {first, first + size};
}

constexpr int kSpoiled = 0xff;

Code write(FakeDriver &fake, Address to, const void *from, size_t size) {
  return fake.simulator.memory().write(to, from, size).ok() ? 0 : 700;
}
Code read(FakeDriver &fake, void *to, Address from, size_t size) {
  return fake.simulator.memory().read(from, to, size).ok() ? 0 : 700;
}
} // namespace

FAKE cuInit(unsigned) {
  ENTER("cuInit");
  return 0;
}
FAKE cuDriverGetVersion(int *version) {
  ENTER("cuDriverGetVersion");
  *version = 13000;
  return 0;
}
FAKE cuGetErrorName(Code code, const char **name) {
  ENTER("cuGetErrorName");
  static char text[32];
  std::snprintf(text, sizeof text, "CUDA_ERROR_%d", code);
  *name = text;
  return 0;
}
FAKE cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount");
  *count = 1;
  return 0;
}
FAKE cuDeviceGet(int *device, int ordinal) {
  ENTER("cuDeviceGet");
  *device = ordinal;
  return ordinal == 0 ? 0 : 101;
}
FAKE cuDeviceGetName(char *name, int length, int) {
  ENTER("cuDeviceGetName");
  std::snprintf(name, size_t(length), "Simulated GPU");
  return 0;
}
FAKE cuDeviceGetAttribute(int *value, int attribute, int) {
  ENTER("cuDeviceGetAttribute");
  *value = attribute == kComputeCapabilityMajor   ? 12
           : attribute == kComputeCapabilityMinor ? 0
           : attribute == kMostSharedBytes        ? 99 * 1024
                                                  : 0;
  return 0;
}
FAKE cuDevicePrimaryCtxRetain(Context *context, int) {
  ENTER("cuDevicePrimaryCtxRetain");
  *context = reinterpret_cast<Context>(&fake);
  ++fake.contexts;
  return 0;
}
FAKE cuDevicePrimaryCtxRelease_v2(int) {
  RELEASE("cuDevicePrimaryCtxRelease");
  --fake.contexts;
  return entered;
}
FAKE cuCtxSetCurrent(Context context) {
  ENTER("cuCtxSetCurrent");
  return context ? 0 : kInvalidValue;
}
FAKE cuCtxSynchronize() {
  ENTER("cuCtxSynchronize");
  return fake.drainAll();
}
FAKE cuModuleLoadDataEx(ModuleHandle *module, const void *image, unsigned count,
                        int *options, void **values) {
  ENTER("cuModuleLoadDataEx");
  if (std::memcmp(image,
                  "\x7f"
                  "ELF",
                  4) == 0)
    return kNoBinary; // machine code is not for a simulator of PTX
  auto loaded =
      fake.simulator.load(static_cast<const char *>(image), "plan.ptx");
  if (loaded.ok()) {
    *module = reinterpret_cast<ModuleHandle>(*loaded);
    ++fake.modules;
    return 0;
  }
  size_t room = 0;
  char *log = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kJitErrorLog)
      log = static_cast<char *>(values[i]);
    if (options[i] == kJitErrorLogBytes)
      room = reinterpret_cast<size_t>(values[i]);
  }
  if (log && room > 0)
    std::snprintf(log, room, "%s", loaded.status().message().c_str());
  return kInvalidPtx;
}
FAKE cuModuleUnload(ModuleHandle) {
  RELEASE("cuModuleUnload");
  --fake.modules;
  return entered;
}
FAKE cuModuleGetFunction(FunctionHandle *function, ModuleHandle module,
                         const char *name) {
  ENTER("cuModuleGetFunction");
  auto *loaded = reinterpret_cast<sim::LoadedModule *>(module);
  if (!fake.simulator.kernel(*loaded, name).ok())
    return kNotFound;
  auto &entry = fake.functions[name];
  if (!entry)
    entry = std::make_unique<FakeDriver::Function>();
  entry->module = loaded;
  entry->name = name;
  *function = reinterpret_cast<FunctionHandle>(entry.get());
  return 0;
}
FAKE cuFuncSetAttribute(FunctionHandle function, int attribute, int value) {
  ENTER("cuFuncSetAttribute");
  if (attribute != kMaxDynamicSharedBytes)
    return kInvalidValue;
  reinterpret_cast<FakeDriver::Function *>(function)->allowedShared =
      uint64_t(value);
  return 0;
}
FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER("cuMemGetInfo");
  *total = fake.bytes;
  *free = fake.bytes - fake.used;
  return 0;
}
FAKE cuMemAlloc_v2(Address *address, size_t bytes) {
  ENTER("cuMemAlloc");
  if (bytes == 0)
    return kInvalidValue;
  if (bytes > fake.bytes - fake.used)
    return kOutOfMemory;
  auto allocated = fake.simulator.memory().allocate("allocation", bytes);
  if (!allocated.ok())
    return kOutOfMemory;
  fake.allocations[*allocated] = bytes;
  fake.used += bytes;
  *address = *allocated;
  return 0;
}
FAKE cuMemFree_v2(Address address) {
  RELEASE("cuMemFree");
  auto found = fake.allocations.find(address);
  if (found == fake.allocations.end())
    return kInvalidValue;
  if (entered == 0)
    entered = fake.drainAll(); // as the real one does
  fake.used -= found->second;
  fake.allocations.erase(found);
  Code code = fake.simulator.memory().free(address).ok() ? 0 : kInvalidValue;
  return entered != 0 ? entered : code;
}
FAKE cuMemcpyHtoD_v2(Address to, const void *from, size_t bytes) {
  ENTER("cuMemcpyHtoD");
  return write(fake, to, from, bytes);
}
FAKE cuMemcpyDtoH_v2(void *to, Address from, size_t bytes) {
  ENTER("cuMemcpyDtoH");
  if (Code code = fake.drain(nullptr); code != 0)
    return code;
  return read(fake, to, from, bytes);
}
FAKE cuMemHostAlloc(void **host, size_t bytes, unsigned) {
  ENTER("cuMemHostAlloc");
  *host = std::malloc(bytes);
  fake.pinned[*host] = bytes;
  return *host ? 0 : kOutOfMemory;
}
FAKE cuMemFreeHost(void *host) {
  RELEASE("cuMemFreeHost");
  if (fake.pinned.erase(host) == 0)
    return kInvalidValue;
  std::free(host);
  return entered;
}
FAKE cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes,
                          Stream stream) {
  ENTER("cuMemcpyHtoDAsync");
  if (fake.corrupts())
    return fake.queue(stream, [=, &fake] {
      return write(fake, to, std::string(bytes, char(kSpoiled)).data(), bytes);
    });
  if (fake.isPinned(from, bytes))
    return fake.queue(stream,
                      [=, &fake] { return write(fake, to, from, bytes); });
  return fake.queue(stream, [to, &fake, copy = bytesAt(from, bytes)] {
    return write(fake, to, copy.data(), copy.size());
  });
}
FAKE cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream stream) {
  ENTER("cuMemcpyDtoHAsync");
  fake.queue(stream, [=, &fake, spoil = fake.corrupts()] {
    Code code = read(fake, to, from, bytes);
    if (spoil)
      std::memset(to, kSpoiled, bytes);
    return code;
  });
  return fake.isPinned(to, bytes) ? 0 : fake.drain(stream);
}
FAKE cuMemsetD8Async(Address to, unsigned char value, size_t bytes,
                     Stream stream) {
  ENTER("cuMemsetD8Async");
  return fake.queue(stream, [=, &fake] {
    return fake.simulator.memory().fill(to, value, bytes).ok() ? 0 : 700;
  });
}
FAKE cuStreamCreate(Stream *stream, unsigned) {
  ENTER("cuStreamCreate");
  fake.streams.push_back(std::make_unique<FakeDriver::StreamState>());
  *stream = reinterpret_cast<Stream>(fake.streams.back().get());
  return 0;
}
FAKE cuStreamDestroy_v2(Stream stream) {
  RELEASE("cuStreamDestroy");
  Code code = entered != 0 ? entered : fake.drain(stream);
  std::erase_if(fake.streams, [&](const auto &other) {
    return reinterpret_cast<Stream>(other.get()) == stream;
  });
  return code;
}
FAKE cuStreamSynchronize(Stream stream) {
  ENTER("cuStreamSynchronize");
  return fake.drain(stream);
}
FAKE cuStreamWaitEvent(Stream stream, Event event, unsigned) {
  ENTER("cuStreamWaitEvent");
  return fake.wait(stream, event);
}
FAKE cuEventCreate(Event *event, unsigned) {
  ENTER("cuEventCreate");
  *event = reinterpret_cast<Event>(new FakeDriver::EventState);
  ++fake.events;
  return 0;
}
FAKE cuEventDestroy_v2(Event event) {
  RELEASE("cuEventDestroy");
  delete reinterpret_cast<FakeDriver::EventState *>(event);
  --fake.events;
  return entered;
}
FAKE cuEventRecord(Event event, Stream stream) {
  ENTER("cuEventRecord");
  return fake.record(event, stream);
}
FAKE cuEventSynchronize(Event event) {
  ENTER("cuEventSynchronize");
  return fake.pass(event);
}
FAKE cuLaunchKernel(FunctionHandle handle, unsigned gridX, unsigned gridY,
                    unsigned gridZ, unsigned blockX, unsigned blockY,
                    unsigned blockZ, unsigned sharedBytes, Stream stream,
                    void **parameters, void **extra) {
  ENTER("cuLaunchKernel");
  auto *function = reinterpret_cast<FakeDriver::Function *>(handle);
  if (parameters || !extra || sharedBytes > function->allowedShared ||
      gridY > 65535 || gridZ > 65535 || blockX * blockY * blockZ > 1024)
    return kInvalidValue;
  std::vector<std::byte> words =
      bytesAt(extra[1], *static_cast<size_t *>(extra[3]));
  sim::Simulator::Grid grid{.blocks = {gridX, gridY, gridZ},
                            .threads = {blockX, blockY, blockZ},
                            .dynamicShared = sharedBytes};
  return fake.queue(stream,
                    [=, &fake] { return fake.launch(*function, grid, words); });
}

extern "C" __attribute__((visibility("default"))) const fake::Control *
sluiceFakeCudaControl() {
  static std::string text;
  static const fake::Control control = {
      [](const char *call, uint64_t count, int code) {
        FakeDriver::get().fault(call, count, code);
      },
      [] { return FakeDriver::get().fired; },
      [] {
        text = FakeDriver::get().callsSince;
        return text.c_str();
      },
      [](const char *call) { return FakeDriver::get().calls[call]; },
      [] {
        text = FakeDriver::get().held();
        return text.c_str();
      },
      [](uint64_t bytes) { FakeDriver::get().bytes = bytes; },
      [] { FakeDriver::get().reset(); }};
  return &control;
}
