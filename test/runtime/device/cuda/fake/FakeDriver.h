#pragma once

#include "runtime/device/cuda/Driver.h"
#include "runtime/device/sim/Simulator.h"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::fake {

/// A GPU's driver on the PTX simulator, as libcuda.so.1 exports it. Streams run
/// as late as they may and in a random order among those that can go on; what
/// is in host memory that the driver has not pinned is read when the call is
/// made, as the real one does. After an error of the device every call fails
/// with it.
///
/// The environment decides (read once), SLUICE_FAKE_CUDA_ in front:
/// - FAULT=CALL:K=CODE: the K-th call of CALL, from 1, returns CODE; CODE may
///   be `hang` (it never returns) and, of copies, `corrupt` (all bits are set).
/// - SEED=N: of the order of streams.
/// - CHECKS=all: a finding of the simulator is error 719.
/// - BYTES=N: memory of the device.
/// - LOG=FILE: each call's name, a line.
class FakeDriver {
public:
  static FakeDriver &get();

  /// Counts a call of `name`; the code it must return without doing anything,
  /// or 0.
  cuda::Code enter(const char *name);
  /// Whether the call that was entered last must spoil what it copies.
  bool corrupts() { return std::exchange(corruptNext, false); }

  void fault(const char *call, uint64_t count, cuda::Code code);
  std::string held() const;
  void reset();

  struct StreamState {
    struct Work {
      std::function<cuda::Code()> run;
      uint64_t waitsFor = 0; // an event's mark that must be passed first
      uint64_t passes = 0;   // the mark that is passed then
    };
    std::deque<Work> queue;
  };
  struct EventState {
    uint64_t mark = 0; // of its last record; 0: never
  };
  struct Function {
    sim::LoadedModule *module = nullptr;
    std::string name;
    uint64_t allowedShared = 48 * 1024;
  };

  cuda::Code queue(cuda::Stream stream, std::function<cuda::Code()> run);
  cuda::Code record(cuda::Event event, cuda::Stream stream);
  cuda::Code wait(cuda::Stream stream, cuda::Event event);
  /// Runs until the stream is empty, or the mark is passed.
  cuda::Code drain(cuda::Stream stream);
  cuda::Code pass(cuda::Event event);
  cuda::Code drainAll();

  cuda::Code launch(const Function &function, const sim::Simulator::Grid &grid,
                    std::vector<std::byte> parameters);
  bool isPinned(const void *host, size_t bytes) const;

  sim::Simulator simulator;
  std::map<std::string, std::unique_ptr<Function>> functions;
  std::map<const void *, size_t> pinned;
  std::vector<std::unique_ptr<StreamState>> streams;
  uint64_t bytes, used = 0;
  std::map<uint64_t, uint64_t> allocations;  // address, bytes
  int events = 0, modules = 0, contexts = 0; // that were not given back
  std::map<std::string, uint64_t> calls;
  std::string callsSince; // the first fault
  bool fired = false;
  std::recursive_mutex mutex;

private:
  FakeDriver();
  bool step(); // one piece of work; false: none can go on
  cuda::Code until(const std::function<bool()> &done);

  struct Fault {
    uint64_t at; // number of the call, from 1
    cuda::Code code;
  };
  std::map<std::string, Fault> faults; // by call
  bool corruptNext = false;
  cuda::Code sticky = 0;
  uint64_t marks = 0;
  std::map<uint64_t, bool> passed;
  std::mt19937 random;
  sim::LaunchOptions options;
  std::FILE *log = nullptr;
};

} // namespace sluice::fake
