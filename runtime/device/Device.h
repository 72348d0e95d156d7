#pragma once

#include "runtime/plan/PlanView.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

namespace sluice {

/// A piece of a device's memory. `address` is what kernels see; only on a host
/// device is it a pointer as well.
struct DeviceSpan {
  uint64_t address = 0;
  uint64_t bytes = 0;

  /// [offset, offset + length) of it, which must lie inside.
  DeviceSpan sub(uint64_t offset, uint64_t length) const {
    return {address + offset, length};
  }
};

/// Work in order. Two streams may overlap. Must not outlive its device.
class Stream {
public:
  virtual ~Stream() = default;
};

/// A place in a stream. Must not outlive its device.
class Event {
public:
  virtual ~Event() = default;
};

/// The code of one target, ready to run. Must not outlive its device.
class DeviceModule {
public:
  virtual ~DeviceModule() = default;

  /// What StageLaunch::entry takes for `code`, which is of this module's
  /// target. Errors: BadInput if the code is not in the module.
  virtual Result<uint64_t> entry(const PlanView::Code &code) const = 0;
};

/// One grid of blocks. Blocks of a stage write disjoint bytes and wait for
/// nobody, so any order and any number at a time is right.
struct StageLaunch {
  uint64_t entry;   // from DeviceModule::entry
  uint32_t grid[3]; // blocks, each >= 1
  uint32_t threads; // of a block; 1 on a CPU
  uint32_t words;   // of args
  /// Bytes a block may use, at most what reserveScratch reserved.
  uint64_t scratch;
  /// The words a block receives, read until the stream has passed the stage.
  const uint64_t *args;
};

/// One GPU, or the host standing in for one. Owns all memory it hands out until
/// it is destroyed. Calls come from one thread at a time. After a DeviceError
/// the device is lost: only destroying it is left.
class Device {
public:
  virtual ~Device() = default;

  /// "cpu", "cuda": for messages.
  virtual std::string_view name() const = 0;

  /// Whether code of `target` runs here. Errors: Incompatible, with what this
  /// device lacks.
  virtual Status supports(const PlanView::Target &target) const = 0;

  virtual Result<std::unique_ptr<Stream>> createStream() = 0;
  virtual Result<std::unique_ptr<Event>> createEvent() = 0;

  /// Makes `image`, a section of a plan, executable; or `cubin`, the same
  /// assembled for the target's own GPU, which may be empty. The bytes may go
  /// away after the call. Errors: Incompatible if `target` is not supported;
  /// OutOfMemory; DeviceError.
  virtual Result<std::unique_ptr<DeviceModule>>
  load(const PlanView::Target &target, std::span<const uint8_t> image,
       std::span<const uint8_t> cubin) = 0;

  /// `bytes` bytes (0 gives an empty span) at a multiple of 256, zero where the
  /// device gives that for nothing. Errors: OutOfMemory.
  virtual Result<DeviceSpan> allocate(uint64_t bytes) = 0;
  /// Gives back what allocate returned, once no stream needs it.
  virtual void free(DeviceSpan span) = 0;

  /// Makes host bytes that never change readable for kernels: where they lie,
  /// if the device can, else as a copy (at a multiple of 256). They must
  /// outlive the device. Errors: OutOfMemory.
  virtual Result<DeviceSpan> share(std::span<const std::byte> bytes) = 0;

  /// The bytes of `span` as a host pointer, good until the span is freed; null
  /// if the host cannot read the device's memory.
  virtual const std::byte *hostView(DeviceSpan span) const = 0;

  /// Starts a copy of `bytes` bytes from `source` to the start of `target`, in
  /// the order of `stream`. `source` must stay untouched until `stream` has
  /// passed an event recorded after this call. A host device completes at once.
  /// Errors: InvalidArgument if `target` is shorter than `bytes`; DeviceError.
  virtual Status upload(Stream &stream, DeviceSpan target, const void *source,
                        uint64_t bytes) = 0;
  /// The reverse, with the same rules for `target`.
  virtual Status download(Stream &stream, void *target, DeviceSpan source,
                          uint64_t bytes) = 0;
  /// Starts setting every byte of `target` to `value`.
  virtual Status fill(Stream &stream, DeviceSpan target, uint8_t value) = 0;

  /// Prepares for stages whose blocks use up to `bytes` bytes of scratch, so
  /// that launch never allocates. Errors: OutOfMemory; Incompatible if no block
  /// of this device can have as much.
  virtual Status reserveScratch(uint64_t bytes) = 0;

  /// Starts a stage after all that `stream` has been given so far. What it
  /// refers to must exist; nothing is checked here. Errors: DeviceError.
  virtual Status launch(Stream &stream, const StageLaunch &stage) = 0;

  /// Marks the place after all that `stream` has been given so far.
  virtual Status record(Stream &stream, Event &event) = 0;
  /// Lets the rest of `stream` begin only when `event` has been passed.
  virtual Status wait(Stream &stream, Event &event) = 0;
  /// Returns when `event` has been passed. Errors: DeviceError, also for work
  /// before the event that failed.
  virtual Status synchronize(Event &event) = 0;
  /// Returns when all that `stream` has been given is done.
  virtual Status synchronize(Stream &stream) = 0;

  /// Bytes of its own memory that nobody has; the largest number if its memory
  /// is the host's. Errors: DeviceError.
  virtual Result<uint64_t> freeBytes() {
    return std::numeric_limits<uint64_t>::max();
  }

  /// Host bytes this device holds for itself: pools of threads, scratch, code.
  virtual uint64_t overheadBytes() const = 0;
};

} // namespace sluice
