#include "runtime/device/sim/machine/Places.h"

#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/memory/Windows.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

/// Addresses of all lanes, if each follows the one before it; false else, and
/// then nothing is known.
template <typename T>
SLUICE_SIM_INLINE bool computeRow(const void *base, uint64_t offset,
                                  uint32_t step, Places &places) {
  const auto *from = static_cast<const T *>(base);
  uint64_t first = from[0] + offset;
  constexpr uint32_t last = kWarpLanes - 1;
  if (from[last] + offset != first + uint64_t{last} * step)
    return false; // soon seen
  uint64_t gaps = 0;
  SLUICE_SIM_VECTORISE for (uint32_t lane = 0; lane < kWarpLanes; ++lane) {
    uint64_t address = from[lane] + offset;
    places.addresses[lane] = address;
    gaps |= address - (first + uint64_t{lane} * step);
  }
  places.low = first;
  places.high = first + uint64_t{last} * step;
  places.bits = first; // as `step` is a multiple of all alignments
  places.consecutive = true;
  return gaps == 0;
}

/// Addresses of all lanes, those outside `mask` as that of its first lane.
template <typename T>
SLUICE_SIM_INLINE void compute(const void *base, uint64_t offset, LaneMask mask,
                               Places &places) {
  const auto *from = static_cast<const T *>(base);
  uint64_t first = from[__builtin_ctz(mask)] + offset;
  uint64_t low = first;
  uint64_t high = first;
  uint64_t bits = 0;
  SLUICE_SIM_VECTORISE for (uint32_t lane = 0; lane < kWarpLanes; ++lane) {
    uint64_t address = (mask >> lane & 1) != 0 ? from[lane] + offset : first;
    places.addresses[lane] = address;
    low = address < low ? address : low;
    high = address > high ? address : high;
    bits |= address;
  }
  places.low = low;
  places.high = high;
  places.bits = bits;
  places.consecutive = false;
}

SLUICE_SIM_MULTIVERSION void compute32(const void *base, uint64_t offset,
                                       LaneMask mask, uint32_t step,
                                       Places &places) {
  if (mask != kAllLanes || !computeRow<uint32_t>(base, offset, step, places))
    compute<uint32_t>(base, offset, mask, places);
}
SLUICE_SIM_MULTIVERSION void compute64(const void *base, uint64_t offset,
                                       LaneMask mask, uint32_t step,
                                       Places &places) {
  if (mask != kAllLanes || !computeRow<uint64_t>(base, offset, step, places))
    compute<uint64_t>(base, offset, mask, places);
}

void computeConstant(uint64_t address, LaneMask mask, Places &places) {
  for (uint64_t &one : places.addresses)
    one = address;
  places.low = places.high = places.bits = address;
  places.consecutive = false;
  (void)mask;
}

/// The space of a generic address, and the address in it.
Space spaceOf(uint64_t &address) {
  struct Window {
    uint64_t start;
    Space space;
  };
  constexpr Window windows[] = {{kSharedWindow, Space::Shared},
                                {kLocalWindow, Space::Local},
                                {kParamWindow, Space::Param}};
  for (const Window &window : windows)
    if (address - window.start < kWindowBytes) {
      address -= window.start;
      return window.space;
    }
  return Space::Global;
}

/// All that a space's bytes have in common. False: [low, high + bytes) is not
/// in one piece.
SLUICE_SIM_INLINE bool findPiece(Warp &w, const Instruction &i,
                                 const Request &request, Places &places) {
  Launch &launch = *w.launch;
  uint64_t last = places.high + request.bytes;
  places.laneStride = 0;
  places.origin = 0;
  if (last < places.high)
    return false;
  switch (places.space) {
  case Space::Shared:
    places.host = w.cta->shared.get();
    return places.low >= kSharedStart && last <= launch.sharedBytes;
  case Space::Local:
    places.host = w.local;
    places.laneStride = launch.program->localBytes;
    return places.low >= kLocalStart && last <= launch.program->localBytes;
  case Space::Param:
    places.host = launch.parameters.data();
    return last <= launch.parameters.size() && request.access == Access::Load;
  default: {
    Allocation *&recent = w.cta->recent[i.index];
    if (recent == nullptr || places.low < recent->address ||
        last > recent->end()) {
      Allocation *found = launch.memory->find(places.low);
      if (found == nullptr || !found->alive || last > found->end() ||
          (found->readOnly && request.access != Access::Load))
        return false;
      if (request.access != Access::Load && !launch.options.checks.any())
        found->writtenUnchecked.store(true, std::memory_order_relaxed);
      recent = found;
    }
    places.allocation = recent;
    places.host = recent->host;
    places.origin = recent->address;
    return true;
  }
  }
}

std::string accessText(const Request &request) {
  return fmt::format("{} of {} bytes",
                     request.access == Access::Load    ? "a load"
                     : request.access == Access::Store ? "a store"
                                                       : "an atomic operation",
                     request.bytes);
}

std::string regionText(const std::vector<Region> &regions, uint64_t address) {
  for (const Region &region : regions)
    if (address >= region.offset && address < region.offset + region.bytes)
      return fmt::format("{} + {}", region.name, address - region.offset);
  for (auto region = regions.rbegin(); region != regions.rend(); ++region)
    if (address >= region->offset + region->bytes)
      return fmt::format("{} bytes behind the {} of {}",
                         address - region->offset - region->bytes,
                         region->bytes, region->name);
  return fmt::format("address {}", address);
}

/// What is wrong with one address.
FindingKind faultKind(const Warp &w, Space space, uint64_t address,
                      const Request &request) {
  if (address % request.alignment != 0)
    return FindingKind::Misaligned;
  if (space == Space::Param)
    return request.access == Access::Load ? FindingKind::OutOfBounds
                                          : FindingKind::ReadOnlyWrite;
  if (space == Space::Shared || space == Space::Local)
    return FindingKind::OutOfBounds;
  const Allocation *found = w.launch->memory->find(address);
  if (found != nullptr && !found->alive)
    return FindingKind::UseAfterFree;
  if (found != nullptr && found->readOnly && request.access != Access::Load &&
      address + request.bytes <= found->end())
    return FindingKind::ReadOnlyWrite;
  return FindingKind::OutOfBounds;
}

std::string faultText(const Warp &w, FindingKind kind, Space space,
                      uint64_t address, const Request &request) {
  const Launch &launch = *w.launch;
  const Program &program = *launch.program;
  std::string access = accessText(request);
  if (kind == FindingKind::Misaligned)
    return fmt::format("{} needs a multiple of {}, found 0x{:x}", access,
                       request.alignment, address);
  if (space == Space::Shared)
    return fmt::format("{} at {} in {} bytes of shared memory", access,
                       regionText(program.shared, address),
                       launch.sharedBytes - kSharedStart);
  if (space == Space::Local)
    return fmt::format("{} at {} in local memory", access,
                       regionText(program.local, address));
  if (space == Space::Param)
    return fmt::format("{} at {} in {} bytes of parameters", access, address,
                       launch.parameters.size());
  std::string where = launch.memory->describe(address);
  if (kind == FindingKind::ReadOnlyWrite)
    return fmt::format("{} at {}, which is constant", access, where);
  const Allocation *found = launch.memory->find(address);
  if (kind == FindingKind::OutOfBounds && found != nullptr)
    where += fmt::format(" of {} bytes", found->bytes);
  return fmt::format("{} at {}", access, where);
}

/// The rest of findPlaces, when addresses are known.
SLUICE_SIM_INLINE bool locate(Warp &w, const Instruction &i, Space space,
                              LaneMask mask, const Request &request,
                              Places &places) {
  places.lanes = mask;
  places.space = space;
  if (space == Space::Generic) {
    uint64_t low = places.low;
    uint64_t high = places.high;
    places.space = spaceOf(low);
    if (spaceOf(high) != places.space)
      return false;
    if (uint64_t window = places.low - low; window != 0)
      for (uint64_t &address : places.addresses)
        address -= window;
    if (places.space != Space::Global) {
      // The lanes' addresses are in the window by now.
      places.low = low;
      places.high = high;
    }
  } else if (space == Space::Const) {
    places.space = Space::Global;
  }
  if ((places.bits & (request.alignment - 1)) != 0 ||
      !findPiece(w, i, request, places)) {
    // nextPiece begins with addresses as they were computed.
    if (space == Space::Generic && places.space != Space::Global) {
      uint64_t window = places.space == Space::Shared  ? kSharedWindow
                        : places.space == Space::Local ? kLocalWindow
                                                       : kParamWindow;
      for (uint64_t &address : places.addresses)
        address += window;
    }
    return false;
  }
  return true;
}

} // namespace

bool findPlaces(Warp &w, const Instruction &i, const AddressOperand &operand,
                LaneMask mask, const Request &request, Places &places) {
  auto offset = static_cast<uint64_t>(operand.offset);
  const std::byte *base = w.registers + operand.base;
  switch (operand.addressBase) {
  case AddressBase::None:
    computeConstant(offset, mask, places);
    break;
  case AddressBase::Register32:
    compute32(base, offset, mask, request.bytes, places);
    break;
  case AddressBase::Register64:
    compute64(base, offset, mask, request.bytes, places);
    break;
  }
  return locate(w, i, operand.space, mask, request, places);
}

bool findAddresses(Warp &w, const Instruction &i, Space space, LaneMask mask,
                   const Request &request, Places &places) {
  compute64(places.addresses, 0, mask, request.bytes, places);
  return locate(w, i, space, mask, request, places);
}

bool nextPiece(Warp &w, const Instruction &i, Space space,
               const Request &request, Places &places, LaneMask &rest) {
  places.consecutive = false;
  while (rest != 0) {
    int first = std::countr_zero(rest);
    rest &= rest - 1;
    LaneMask one = LaneMask{1} << first;
    uint64_t address = places.addresses[first];
    places.space = space == Space::Generic ? spaceOf(address)
                   : space == Space::Const ? Space::Global
                                           : space;
    places.low = places.high = address;
    if (address % request.alignment == 0 && findPiece(w, i, request, places)) {
      places.addresses[first] = address;
      places.lanes = one;
      return true;
    }
    FindingKind kind = faultKind(w, places.space, address, request);
    // Neighbours with the same fault share the report.
    for (LaneMask others = rest; others != 0; others &= others - 1) {
      int lane = std::countr_zero(others);
      uint64_t other = places.addresses[lane];
      Space otherSpace = space == Space::Generic ? spaceOf(other)
                         : space == Space::Const ? Space::Global
                                                 : space;
      Places probe;
      probe.space = otherSpace;
      probe.low = probe.high = other;
      if ((other % request.alignment != 0 ||
           !findPiece(w, i, request, probe)) &&
          otherSpace == places.space &&
          faultKind(w, otherSpace, other, request) == kind) {
        one |= LaneMask{1} << lane;
        rest &= ~(LaneMask{1} << lane);
      }
    }
    w.report(kind, i, one, faultText(w, kind, places.space, address, request));
  }
  return false;
}

} // namespace sluice::sim
