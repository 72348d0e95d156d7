#pragma once

#include "runtime/device/sim/machine/Observer.h"
#include "runtime/device/sim/machine/Warp.h"

namespace sluice::sim {

/// Where the lanes of a memory instruction point: into one piece of memory.
struct Places {
  Space space = Space::Global; // Global (constants too), Shared, Local, Param
  LaneMask lanes = 0;          // whose places are good
  /// All 32 lanes, each behind the one before it.
  bool consecutive = false;
  Allocation *allocation = nullptr; // of Global
  std::byte *host = nullptr;        // of address `origin`
  uint64_t origin = 0;
  uint64_t laneStride = 0; // of Local: bytes between the memories of lanes
  uint64_t low = 0;        // smallest and greatest address
  uint64_t high = 0;
  uint64_t bits = 0;                          // of all addresses, or-ed
  alignas(64) uint64_t addresses[kWarpLanes]; // in the space

  std::byte *at(int lane) const {
    return host + (addresses[lane] - origin) +
           static_cast<uint64_t>(lane) * laneStride;
  }
};

/// A memory operand of an instruction: its only one, or cp.async's source.
struct AddressOperand {
  uint32_t base;
  AddressBase addressBase;
  int64_t offset;
  Space space;

  static AddressOperand of(const Instruction &i) {
    return {i.base, i.addressBase, i.offset, i.space};
  }
};

/// What is asked of the memory.
struct Request {
  Access access;
  uint32_t bytes;     // of each lane
  uint32_t alignment; // a power of two
};

/// Fills `places` from the operand. True: all lanes of `mask` point into one
/// piece of memory, properly. False: see nextPiece.
bool findPlaces(Warp &w, const Instruction &i, const AddressOperand &operand,
                LaneMask mask, const Request &request, Places &places);

/// The same for lanes whose `places.addresses` the caller has filled.
bool findAddresses(Warp &w, const Instruction &i, Space space, LaneMask mask,
                   const Request &request, Places &places);

/// After findPlaces: takes lanes of `rest` that point into one piece of memory.
/// Those that point nowhere are reported, and taken too. False: none is left.
bool nextPiece(Warp &w, const Instruction &i, Space space,
               const Request &request, Places &places, LaneMask &rest);

/// Calls f(places) for each piece of memory that lanes of `mask` point into.
template <typename F>
void forEachPiece(Warp &w, const Instruction &i, const AddressOperand &operand,
                  LaneMask mask, const Request &request, F f) {
  Places places;
  if (findPlaces(w, i, operand, mask, request, places)) [[likely]] {
    f(places);
    return;
  }
  for (LaneMask rest = mask;
       nextPiece(w, i, operand.space, request, places, rest);)
    f(places);
}

/// For addresses that the caller has filled.
template <typename F>
void forEachPieceAt(Warp &w, const Instruction &i, Space space, LaneMask mask,
                    const Request &request, Places &places, F f) {
  if (findAddresses(w, i, space, mask, request, places)) [[likely]] {
    f(places);
    return;
  }
  for (LaneMask rest = mask; nextPiece(w, i, space, request, places, rest);)
    f(places);
}

} // namespace sluice::sim
