#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"
#include "runtime/device/sim/machine/Places.h"
#include "runtime/device/sim/machine/RowAccess.h"

#include <cstring>

namespace sluice::sim {
namespace {

template <typename T>
void storeElement(const T *from, const Places &places, int k) {
  auto offset = static_cast<size_t>(k) * sizeof(T);
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    std::memcpy(places.at(lane) + offset, from + lane, sizeof(T));
  }
}

/// The lower bytes of a wider register.
template <typename Register>
void storeLower(const Register *from, const Places &places, int k,
                size_t bytes) {
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    std::memcpy(places.at(lane) + static_cast<size_t>(k) * bytes, from + lane,
                bytes);
  }
}

/// Lanes whose element is no longer what they have stored.
template <typename Register>
LaneMask lanesLost(const Register *from, const Places &places, int k,
                   size_t bytes) {
  LaneMask lost = 0;
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    if (std::memcmp(places.at(lane) + static_cast<size_t>(k) * bytes,
                    from + lane, bytes) != 0)
      lost |= LaneMask{1} << lane;
  }
  return lost;
}

uint32_t registerOf(const Warp &w, const Instruction &i, int k) {
  return w.launch->program->operands[i.list + static_cast<uint32_t>(k)];
}

Request requestOf(const Instruction &i) {
  uint32_t bytes = uint32_t{i.bytes} * i.count;
  return {Access::Store, bytes, bytes};
}

/// What the checks want to know of a store of registers of this type.
template <typename Register>
void checkStored(Warp &w, const Instruction &i, const Places &places) {
  stored(w, i, places);
  if (places.consecutive || places.space == Space::Local)
    return;
  LaneMask lost = 0;
  for (int k = 0; k < i.count; ++k)
    lost |=
        lanesLost(w.lanes<Register>(registerOf(w, i, k)), places, k, i.bytes);
  if (lost != 0)
    overwritten(w, i, lost);
}

template <typename T, bool Checked>
void runStore(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 const T *from[kMostElements];
                 for (int k = 0; k < i.count; ++k)
                   from[k] = w.lanes<T>(registerOf(w, i, k));
                 if (places.consecutive)
                   writeRow(from, places.at(0), i.count);
                 else
                   for (int k = 0; k < i.count; ++k)
                     storeElement(from[k], places, k);
                 if constexpr (Checked)
                   checkStored<T>(w, i, places);
               });
}

template <typename Register, bool Checked>
void runStoreLower(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 for (int k = 0; k < i.count; ++k)
                   storeLower(w.lanes<Register>(registerOf(w, i, k)), places, k,
                              i.bytes);
                 if constexpr (Checked)
                   checkStored<Register>(w, i, places);
               });
}

template <bool Checked>
void runStore128(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 for (int k = 0; k < i.count; ++k) {
                   const auto *from = w.lanes<uint64_t>(registerOf(w, i, k));
                   for (LaneMask rest = places.lanes; rest != 0;
                        rest &= rest - 1) {
                     int lane = std::countr_zero(rest);
                     std::memcpy(places.at(lane) + k * 16, from + lane, 8);
                     std::memcpy(places.at(lane) + k * 16 + 8,
                                 from + kWarpLanes + lane, 8);
                   }
                 }
                 if constexpr (Checked)
                   stored(w, i, places);
               });
}

template <typename T> void useSame(Binder &b) {
  b.out.handler = &runStore<T, false>;
  b.out.checked = &runStore<T, true>;
}
template <typename Register> void useLower(Binder &b) {
  b.out.handler = &runStoreLower<Register, false>;
  b.out.checked = &runStoreLower<Register, true>;
}

} // namespace

bool bindStore(Binder &b) {
  if (!bindSpace(b) || !bindElements(b, 1))
    return false;
  if (b.out.space == Space::Const)
    return b.fail("expected a space that may be written");
  b.out.strong = b.has("volatile") || b.has("relaxed") || b.has("release");
  b.out.releases = b.has("release");
  bool same = b.out.bytes == b.out.registerBytes;
  if (b.out.bytes == 16) {
    if (!same)
      return b.fail("expected a register of 128 bits");
    b.out.handler = &runStore128<false>;
    b.out.checked = &runStore128<true>;
    return true;
  }
  switch (b.out.registerBytes) {
  case 2:
    same ? useSame<uint16_t>(b) : useLower<uint16_t>(b);
    return true;
  case 4:
    same ? useSame<uint32_t>(b) : useLower<uint32_t>(b);
    return true;
  case 8:
    same ? useSame<uint64_t>(b) : useLower<uint64_t>(b);
    return true;
  default:
    return b.fail("expected a register of at most 64 bits");
  }
}

} // namespace sluice::sim
