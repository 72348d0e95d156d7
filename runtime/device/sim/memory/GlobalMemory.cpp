#include "runtime/device/sim/memory/GlobalMemory.h"

#include "runtime/device/sim/memory/Windows.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <new>

namespace sluice::sim {
namespace {

constexpr uint64_t kGap = 4096; // at least, between allocations
constexpr uint64_t kAlignment = 256;

void markWritten(Allocation &allocation, uint64_t offset, uint64_t bytes) {
  if (allocation.tracksWrites)
    allocation.written.set(offset, bytes, true);
}

} // namespace

Allocation &GlobalMemory::add(std::string name, uint64_t bytes) {
  if (next == 0)
    next = kGlobalStart;
  auto allocation = std::make_unique<Allocation>();
  allocation->name = std::move(name);
  allocation->address = next;
  allocation->bytes = bytes;
  next += (bytes + kAlignment - 1) / kAlignment * kAlignment + kGap;
  allocations.push_back(std::move(allocation));
  return *allocations.back();
}

Result<uint64_t> GlobalMemory::allocate(std::string name, uint64_t bytes) {
  if (bytes > limit || live > limit - bytes)
    return outOfMemory(fmt::format(
        "expected at most {} bytes of global memory, found {} for {} and {} of "
        "others",
        limit, bytes, name, live));
  std::unique_ptr<std::byte[]> memory;
  // The host's allocator aligns to 16; vector accesses need no more.
  memory.reset(new (std::nothrow) std::byte[std::max<uint64_t>(bytes, 1)]());
  if (memory == nullptr)
    return outOfMemory(
        fmt::format("expected {} bytes of host memory for {}", bytes, name));
  Allocation &allocation = add(std::move(name), bytes);
  allocation.host = memory.get();
  allocation.owned = std::move(memory);
  allocation.tracksWrites = true;
  allocation.written = WrittenBits(bytes);
  live += bytes;
  return allocation.address;
}

uint64_t GlobalMemory::share(std::string name,
                             std::span<const std::byte> bytes) {
  Allocation &allocation = add(std::move(name), bytes.size());
  allocation.host = const_cast<std::byte *>(bytes.data()); // readOnly
  allocation.readOnly = true;
  live += bytes.size();
  return allocation.address;
}

Allocation *GlobalMemory::find(uint64_t address) const {
  auto after = std::upper_bound(
      allocations.begin(), allocations.end(), address,
      [](uint64_t a, const auto &one) { return a < one->address; });
  if (after == allocations.begin())
    return nullptr;
  Allocation *allocation = std::prev(after)->get();
  return address < allocation->end() ||
                 (address == allocation->address && allocation->bytes == 0)
             ? allocation
             : nullptr;
}

Status GlobalMemory::free(uint64_t address) {
  Allocation *allocation = find(address);
  if (allocation == nullptr || allocation->address != address ||
      !allocation->alive)
    return invalidArgument(fmt::format(
        "expected the start of an allocation to free, found 0x{:x}", address));
  allocation->alive = false;
  allocation->owned.reset();
  allocation->host = nullptr;
  allocation->written = WrittenBits();
  live -= allocation->bytes;
  return {};
}

void GlobalMemory::setReadOnly(uint64_t address) {
  if (Allocation *allocation = find(address))
    allocation->readOnly = true;
}

Result<Allocation *> GlobalMemory::range(uint64_t address,
                                         uint64_t bytes) const {
  Allocation *allocation = find(address);
  if (allocation == nullptr || !allocation->alive ||
      bytes > allocation->end() - address)
    return invalidArgument(
        fmt::format("expected {} bytes in one allocation, found {}", bytes,
                    describe(address)));
  return allocation;
}

Status GlobalMemory::read(uint64_t address, void *to, uint64_t bytes) const {
  if (bytes == 0)
    return {};
  SLUICE_ASSIGN(Allocation * allocation, range(address, bytes));
  std::memcpy(to, allocation->host + (address - allocation->address), bytes);
  return {};
}

Status GlobalMemory::write(uint64_t address, const void *from, uint64_t bytes) {
  if (bytes == 0)
    return {};
  SLUICE_ASSIGN(Allocation * allocation, range(address, bytes));
  std::memcpy(allocation->host + (address - allocation->address), from, bytes);
  markWritten(*allocation, address - allocation->address, bytes);
  return {};
}

Status GlobalMemory::fill(uint64_t address, uint8_t value, uint64_t bytes) {
  if (bytes == 0)
    return {};
  SLUICE_ASSIGN(Allocation * allocation, range(address, bytes));
  std::memset(allocation->host + (address - allocation->address), value, bytes);
  markWritten(*allocation, address - allocation->address, bytes);
  return {};
}

void GlobalMemory::settleWrites() {
  for (const auto &allocation : allocations)
    if (allocation->writtenUnchecked.exchange(false))
      allocation->written.setAll();
}

std::string GlobalMemory::describe(uint64_t address) const {
  if (address < kGlobalStart)
    return fmt::format("0x{:x}, which is in no memory", address);
  const Allocation *before = nullptr;
  const Allocation *behind = nullptr;
  for (const auto &allocation : allocations) {
    if (allocation->address <= address)
      before = allocation.get();
    else if (behind == nullptr)
      behind = allocation.get();
  }
  if (before != nullptr && address < before->end())
    return fmt::format("{}{} + {}", before->alive ? "" : "freed ", before->name,
                       address - before->address);
  bool nearer = before != nullptr &&
                (behind == nullptr ||
                 address - before->end() <= behind->address - address);
  if (nearer)
    return fmt::format("{} bytes behind the {} of {}{}",
                       address - before->end(), before->bytes,
                       before->alive ? "" : "freed ", before->name);
  if (behind != nullptr)
    return fmt::format("{} bytes before {}", behind->address - address,
                       behind->name);
  return fmt::format("0x{:x}, which is in no memory", address);
}

} // namespace sluice::sim
