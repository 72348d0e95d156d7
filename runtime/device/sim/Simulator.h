#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/check/Finding.h"
#include "runtime/device/sim/counters/Counters.h"
#include "runtime/device/sim/memory/GlobalMemory.h"
#include "runtime/device/sim/ptx/Module.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// When an asynchronous copy takes effect: as late as the program may see it,
/// at once, or in between by the seed.
enum class AsyncMode : uint8_t { Late, Early, Random };

/// Who runs when several warps could. A correct kernel computes the same under
/// each.
enum class Schedule : uint8_t { RoundRobin, ProducerLast, Random };

enum class MatrixMode : uint8_t { Fast, Wide }; // f32 or f64 sums

/// Bounds, lifetime, alignment, divergence and deadlocks are always checked.
/// These cost time, and can be chosen.
struct Checks {
  bool uninitialised = false;
  bool races = false;
  bool inFlight = false;

  static Checks all() { return {true, true, true}; }
  bool any() const { return uninitialised || races || inFlight; }
};

struct LaunchOptions {
  Checks checks;
  bool counters = false;
  AsyncMode async = AsyncMode::Late;
  Schedule schedule = Schedule::RoundRobin;
  MatrixMode matrix = MatrixMode::Fast;
  uint64_t seed = 1;
  /// Approximate functions move by a random amount within their bound.
  bool perturb = false;
  unsigned threads = 1;         // of the host; results do not depend on it
  uint64_t maxInstructions = 0; // of warps, in sum; 0: no limit
  double timeoutSeconds = 0;    // 0: none
  /// Called now and then, by one thread at a time, with the number of blocks
  /// that have begun; false ends the launch, whose report is then of no use.
  std::function<bool(uint64_t begun, uint64_t blocks)> watch = {};
};

/// A launch prints at most so many bytes, as by CUDA's default; what is beyond
/// is dropped.
inline constexpr size_t kMostPrinted = size_t{1} << 20;

struct LaunchReport {
  std::vector<Finding> findings; // empty for a correct kernel
  Counters counters;             // if asked for
  std::string printed;           // by printf, block after block
  bool printedIsCut = false;     // at kMostPrinted
  uint64_t warpInstructions = 0;
};

struct KernelInfo {
  std::string name;
  struct Parameter {
    std::string name;
    uint32_t offset, bytes;
    Type type;
    bool isArray;
  };
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint64_t staticSharedBytes = 0;
};

struct LoadedModule;

/// A GPU that exists in software only: memory, modules, launches. Calls come
/// from one thread at a time. A launch is complete when it returns.
class Simulator {
public:
  Simulator();
  ~Simulator();

  GlobalMemory &memory() { return theMemory; }

  /// Parses `text` and allocates its global and constant variables. `file`
  /// names it in messages. Errors: BadInput with file:line:column.
  Result<LoadedModule *> load(std::string text, std::string file);
  const Module &module(const LoadedModule &module) const;
  std::vector<std::string> kernels(const LoadedModule &module) const;
  /// Errors: InvalidArgument if there is no such kernel; BadInput if it cannot
  /// be decoded.
  Result<KernelInfo> kernel(LoadedModule &module, std::string_view name);
  /// The address of a .global or .const variable. Errors: InvalidArgument.
  Result<uint64_t> symbol(const LoadedModule &module,
                          std::string_view name) const;

  struct Grid {
    uint32_t blocks[3] = {1, 1, 1};
    uint32_t threads[3] = {1, 1, 1};
    uint64_t dynamicShared = 0; // bytes
  };
  /// Runs a kernel. `parameters` is the parameter block: each at its offset.
  /// What is wrong with the kernel is in the report. Errors: InvalidArgument
  /// for a launch that no GPU accepts; OutOfMemory.
  Result<LaunchReport> launch(LoadedModule &module, std::string_view kernel,
                              const Grid &grid,
                              std::span<const std::byte> parameters,
                              const LaunchOptions &options);

private:
  GlobalMemory theMemory;
  std::vector<std::unique_ptr<LoadedModule>> modules;
};

} // namespace sluice::sim
