#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice::cuda {

// The driver API's types, by its binary interface: no header of CUDA's is
// needed to build.
using Code = int; // CUresult
using Address = uint64_t;
using Context = struct OpaqueContext *;
using ModuleHandle = struct OpaqueModule *;
using FunctionHandle = struct OpaqueFunction *;
using Stream = struct OpaqueStream *;
using Event = struct OpaqueEvent *;

inline constexpr Code kSuccess = 0;

// CUdevice_attribute, CUfunction_attribute, CUjit_option, and the keys of
// cuLaunchKernel's `extra`.
inline constexpr int kMostSharedBytes = 97; // of a block, when asked for
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;
inline constexpr int kMaxDynamicSharedBytes = 8;
inline constexpr int kJitErrorLog = 5;
inline constexpr int kJitErrorLogBytes = 6;
inline constexpr unsigned kStreamNonBlocking = 1; // CU_STREAM_NON_BLOCKING
inline constexpr unsigned kEventWithoutTime = 2;  // CU_EVENT_DISABLE_TIMING

/// libcuda.so.1, opened at run time. There is one in a process, and it stays.
class Driver {
public:
  /// Opens and initialises it. Errors: DeviceError if there is none, if it
  /// lacks an entry point, or if cuInit fails.
  static Result<const Driver *> open();

#define SLUICE_CUDA_ENTRY(field, symbol, parameters)                           \
  Code(*field) parameters = nullptr;
#include "runtime/device/cuda/EntryPoints.def"
#undef SLUICE_CUDA_ENTRY

  /// Ok for 0. Errors: OutOfMemory for code 2, Incompatible where the code or
  /// the machine does not fit, else DeviceError; with the call's name, the
  /// code's name and number and, of a machine that is not set up, what to look
  /// at.
  Status check(Code code, const char *call) const;
  /// The driver's newest CUDA version: 13000 for 13.0.
  int version() const { return theVersion; }

private:
  int theVersion = 0;
};

} // namespace sluice::cuda
