// What a warp's registers and memory hold when it begins.

#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/Warp.h"
#include "runtime/device/sim/memory/Windows.h"

#include <algorithm>
#include <cstring>

namespace sluice::sim {

AlignedBytes alignedBytes(uint64_t bytes) {
  return AlignedBytes(static_cast<std::byte *>(
      ::operator new[](bytes, std::align_val_t(64), std::nothrow)));
}

namespace {

/// In units of 128 bytes since sm_80, without the system's.
uint64_t allocatedShared(const Launch &launch) {
  return (launch.sharedBytes - kSharedStart + 127) / 128 * 128;
}

/// The value of a special register for a lane of a warp.
uint64_t specialValue(const Launch &launch, const Cta &cta, const Warp &warp,
                      SpecialRegister which, uint32_t lane) {
  uint32_t thread = warp.index * kWarpLanes + lane;
  uint32_t x = launch.threads[0];
  uint32_t y = launch.threads[1];
  using enum SpecialRegister;
  switch (which) {
  case TidX:
    return thread % x;
  case TidY:
    return thread / x % y;
  case TidZ:
    return thread / x / y;
  case NtidX:
  case NtidY:
  case NtidZ:
    return launch.threads[static_cast<int>(which) - static_cast<int>(NtidX)];
  case CtaidX:
  case CtaidY:
  case CtaidZ:
    return cta.block[static_cast<int>(which) - static_cast<int>(CtaidX)];
  case NctaidX:
  case NctaidY:
  case NctaidZ:
    return launch.blocks[static_cast<int>(which) - static_cast<int>(NctaidX)];
  case LaneId:
    return lane;
  case WarpId:
    return warp.index;
  case NWarpId:
    return launch.warps;
  case SmId:
    return cta.index % 4;
  case NSmId:
    return 4;
  case GridId:
    return 1;
  case LaneMaskEq:
    return LaneMask{1} << lane;
  case LaneMaskLe:
    return (LaneMask{2} << lane) - 1;
  case LaneMaskLt:
    return (LaneMask{1} << lane) - 1;
  case LaneMaskGe:
    return ~((LaneMask{1} << lane) - 1);
  case LaneMaskGt:
    return lane == 31 ? 0 : ~((LaneMask{2} << lane) - 1);
  case DynamicSharedBytes:
    return launch.dynamicShared;
  case TotalSharedBytes:
    return allocatedShared(launch);
  case AggregateSharedBytes:
    return kSharedStart + allocatedShared(launch);
  case One:
    return 1;
  case Clock:
  case Clock64:
  case GlobalTimer:
    return warp.executed;
  case Zero:
    return 0;
  }
  return 0;
}

template <typename T> void spread(std::byte *at, const auto &valueOfLane) {
  for (uint32_t lane = 0; lane < kWarpLanes; ++lane)
    reinterpret_cast<T *>(at)[lane] = static_cast<T>(valueOfLane(lane));
}
/// Of 16 bytes, the lower 8.
void broadcast(std::byte *at, uint8_t bytes, const auto &valueOfLane) {
  switch (bytes) {
  case 1:
    return spread<uint8_t>(at, valueOfLane);
  case 2:
    return spread<uint16_t>(at, valueOfLane);
  case 4:
    return spread<uint32_t>(at, valueOfLane);
  default:
    return spread<uint64_t>(at, valueOfLane);
  }
}

bool isOfBlock(SpecialRegister which) {
  using enum SpecialRegister;
  return which == CtaidX || which == CtaidY || which == CtaidZ || which == SmId;
}
bool isClock(SpecialRegister which) {
  using enum SpecialRegister;
  return which == Clock || which == Clock64 || which == GlobalTimer;
}

} // namespace

bool Warp::prepare(Launch &theLaunch, Cta &theCta, uint32_t theIndex) {
  launch = &theLaunch;
  cta = &theCta;
  index = theIndex;
  const Program &program = *launch->program;
  storage = alignedBytes(program.registerBytes);
  if (storage == nullptr)
    return false;
  registers = storage.get();
  std::memset(registers, 0, program.registerBytes);
  if (program.localBytes > 64) {
    localStorage = alignedBytes(program.localBytes * kWarpLanes);
    if (localStorage == nullptr)
      return false;
    local = localStorage.get();
  }
  for (const ConstantSlot &slot : program.constants) {
    std::byte *at = registers + slot.offset;
    if (slot.bytes == 0) {
      predicate(slot.offset) = static_cast<LaneMask>(slot.low);
      continue;
    }
    broadcast(at, slot.bytes, [&](uint32_t) { return slot.low; });
    if (slot.bytes == 16)
      broadcast(at + size_t{8} * kWarpLanes, 8,
                [&](uint32_t) { return slot.high; });
  }
  for (const SpecialSlot &slot : program.specials)
    broadcast(registers + slot.offset, slot.bytes, [&](uint32_t lane) {
      return specialValue(*launch, *cta, *this, slot.which, lane);
    });
  if (launch->options.checks.uninitialised)
    taints.resize(program.registerBytes / kUnit);
  return true;
}

/// Those that are `wanted`, which do not depend on the lane.
template <typename F> void Warp::setSpecials(F wanted) {
  for (const SpecialSlot &slot : launch->program->specials)
    if (wanted(slot.which)) {
      uint64_t value = specialValue(*launch, *cta, *this, slot.which, 0);
      broadcast(registers + slot.offset, slot.bytes,
                [&](uint32_t) { return value; });
    }
}

void Warp::setClocks() { setSpecials(isClock); }

void Warp::start() {
  const Program &program = *launch->program;
  for (uint32_t unit : program.zeroed)
    std::memset(registers + size_t{unit} * kUnit, 0, kUnit);
  executed = 0;
  setSpecials(isOfBlock);
  if (local != nullptr)
    std::memset(local, 0xff, program.localBytes * kWarpLanes);
  if (!taints.empty()) {
    std::fill(taints.begin(), taints.end(), 0);
    for (uint32_t unit : program.zeroed)
      taints[unit] = kAllLanes;
  }
  uint32_t left = launch->blockThreads - index * kWarpLanes;
  alive = left >= kWarpLanes ? kAllLanes : (LaneMask{1} << left) - 1;
  joins.clear();
  freeJoins.clear();
  fragments.clear();
  turn = lastTurn = 0;
  running = false;
  Fragment first;
  first.pc = program.code.data() + program.entry;
  first.mask = alive;
  fragments.push_back(first);
}

} // namespace sluice::sim
