#pragma once

#include "runtime/device/sim/Simulator.h"
#include "tools/driver/Npy.h"
#include "tools/ptxsim/Argument.h"

#include <optional>
#include <span>
#include <vector>

namespace sluice::ptxsim {

/// An array in the memory of the simulated device, for one parameter.
struct DeviceArray {
  std::string parameter;
  std::string to; // the file it is saved in; empty: none
  std::string descr;
  std::vector<uint64_t> shape;
  uint64_t address = 0, bytes = 0;
  uint64_t unwritten = 0; // bytes that nobody wrote, after the launch
  bool saved = false;
};

/// What a launch needs of memory: arrays, the parameter block that points to
/// them, and the files that outputs go to.
class LaunchMemory {
public:
  /// Reads the files of `arguments`, which checkArguments() has accepted.
  /// Errors: BadInput, InvalidArgument, OutOfMemory.
  static Result<LaunchMemory> place(sim::GlobalMemory &memory,
                                    const sim::KernelInfo &kernel,
                                    std::span<const Argument> arguments);

  /// Opens the outputs, so that what cannot be written shows before the launch.
  /// `ptx` is a file that no output may replace. Errors: InvalidArgument,
  /// OutputNotWritten.
  Status openOutputs(const std::string &ptx,
                     std::span<const Argument> arguments);
  /// Counts what nobody wrote; exact only if the launch tracked that.
  void lookAtOutputs(const sim::GlobalMemory &memory);
  /// Writes all outputs and gives them their names. Errors: OutputNotWritten.
  Status save(const sim::GlobalMemory &memory);

  std::span<const std::byte> parameters() const { return block; }
  std::span<const DeviceArray> arrays() const { return theArrays; }
  bool hasOutputs() const;

private:
  Status placeOne(sim::GlobalMemory &memory,
                  const sim::KernelInfo::Parameter &parameter,
                  const Argument &argument);

  std::vector<std::byte> block;
  std::vector<DeviceArray> theArrays;
  std::vector<std::optional<NpyWriter>> writers; // one for each array
};

} // namespace sluice::ptxsim
