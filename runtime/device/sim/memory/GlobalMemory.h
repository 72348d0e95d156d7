#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/memory/WrittenBits.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice::sim {

/// A named range of global or constant memory.
struct Allocation {
  std::string name;
  uint64_t address = 0;
  uint64_t bytes = 0;
  std::byte *host = nullptr; // where the bytes are
  bool alive = true;
  bool readOnly = false; // constants, shared host memory
  WrittenBits written;
  bool tracksWrites = false;
  /// A launch that does not track writes has written to it.
  std::atomic<bool> writtenUnchecked = false;
  std::unique_ptr<std::byte[]> owned; // null: host memory of somebody else

  uint64_t end() const { return address + bytes; }
};

/// Global memory: an address space of our own, with gaps between allocations,
/// where freed addresses are not used again. Not to be changed while a kernel
/// runs.
class GlobalMemory {
public:
  /// `bytes` bytes at a multiple of 256. Errors: OutOfMemory.
  Result<uint64_t> allocate(std::string name, uint64_t bytes);
  /// Bytes of the host, which must outlive this object, not to be written.
  uint64_t share(std::string name, std::span<const std::byte> bytes);
  /// Errors: InvalidArgument if nothing was allocated there.
  Status free(uint64_t address);
  void setReadOnly(uint64_t address);

  /// Errors: InvalidArgument for addresses outside one allocation.
  Status read(uint64_t address, void *to, uint64_t bytes) const;
  Status write(uint64_t address, const void *from, uint64_t bytes);
  Status fill(uint64_t address, uint8_t value, uint64_t bytes);

  /// The allocation that holds `address`, alive or not, or null.
  Allocation *find(uint64_t address) const;
  /// "buffer + 12", "3 bytes behind buffer", for reports.
  std::string describe(uint64_t address) const;

  /// After a launch: what it wrote without tracking counts as written.
  void settleWrites();

  uint64_t liveBytes() const { return live; }
  /// From now on allocate() fails where liveBytes() would exceed `bytes`.
  void setLimit(uint64_t bytes) { limit = bytes; }

private:
  Allocation &add(std::string name, uint64_t bytes);
  Result<Allocation *> range(uint64_t address, uint64_t bytes) const;

  std::vector<std::unique_ptr<Allocation>> allocations; // by address
  uint64_t next = 0;
  uint64_t live = 0;
  uint64_t limit = uint64_t{1} << 40;
};

} // namespace sluice::sim
