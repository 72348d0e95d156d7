#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"
#include "runtime/device/sim/machine/Places.h"
#include "runtime/device/sim/machine/RowAccess.h"

#include <cstring>

namespace sluice::sim {
namespace {

/// Element `k` of all lanes of `places` into a register of the same width.
template <typename T> void loadElement(T *to, const Places &places, int k) {
  auto offset = static_cast<size_t>(k) * sizeof(T);
  if (places.low == places.high && places.lanes == kAllLanes &&
      places.laneStride == 0) {
    T value;
    std::memcpy(&value, places.at(0) + offset, sizeof(T));
    for (int lane = 0; lane < kWarpLanes; ++lane)
      to[lane] = value;
    return;
  }
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    std::memcpy(to + lane, places.at(lane) + offset, sizeof(T));
  }
}

/// The same into a wider register, extended as T says.
template <typename T, typename Register>
void loadExtended(Register *to, const Places &places, int k) {
  auto offset = static_cast<size_t>(k) * sizeof(T);
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    T value;
    std::memcpy(&value, places.at(lane) + offset, sizeof(T));
    // ld.s8 extends the sign.
    // NOLINTNEXTLINE(bugprone-signed-char-misuse)
    to[lane] = static_cast<Register>(value);
  }
}

uint32_t registerOf(const Warp &w, const Instruction &i, int k) {
  return w.launch->program->operands[i.list + static_cast<uint32_t>(k)];
}

/// Marks the elements that came from memory that nobody has written; `tainted`
/// are the lanes that have any. Of a pair of bytes both must be: a struct may
/// end in one byte and be copied with what follows it.
void taintElements(Warp &w, const Instruction &i, const Places &places,
                   LaneMask tainted) {
  if (!w.tracksTaint())
    return;
  uint32_t units = std::max(i.registerBytes / 2U, 1U);
  // What is extended depends on all bytes of its element.
  bool apart = i.bytes == i.registerBytes;
  uint32_t bytes = apart ? i.bytes / units : i.bytes;
  auto unwritten = [&](uint32_t offset, uint32_t count) {
    return w.cta->checks->unwrittenElements(w, places, tainted, offset, count);
  };
  bool pairs = apart && bytes == 2;
  for (int k = 0; k < i.count; ++k)
    for (uint32_t unit = 0; unit < units; ++unit) {
      uint32_t offset =
          static_cast<uint32_t>(k) * i.bytes + (apart ? unit * bytes : 0);
      LaneMask own = 0;
      if (tainted != 0)
        own = pairs ? unwritten(offset, 1) & unwritten(offset + 1, 1)
                    : unwritten(offset, bytes);
      w.setTaint(registerOf(w, i, k) / kUnit + unit, own, places.lanes);
    }
}

Request requestOf(const Instruction &i) {
  uint32_t bytes = uint32_t{i.bytes} * i.count;
  return {Access::Load, bytes, bytes};
}

template <typename T, bool Checked>
void runLoad(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 T *to[kMostElements];
                 for (int k = 0; k < i.count; ++k)
                   to[k] = w.lanes<T>(registerOf(w, i, k));
                 if (places.consecutive)
                   readRow(to, places.at(0), i.count);
                 else
                   for (int k = 0; k < i.count; ++k)
                     loadElement(to[k], places, k);
                 if constexpr (Checked)
                   taintElements(w, i, places, loaded(w, i, places));
               });
}

template <typename T, bool Checked>
void runLoadExtended(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 for (int k = 0; k < i.count; ++k) {
                   uint32_t to = registerOf(w, i, k);
                   if (i.registerBytes == 2)
                     loadExtended<T>(w.lanes<uint16_t>(to), places, k);
                   else if (i.registerBytes == 4)
                     loadExtended<T>(w.lanes<uint32_t>(to), places, k);
                   else
                     loadExtended<T>(w.lanes<uint64_t>(to), places, k);
                 }
                 if constexpr (Checked)
                   taintElements(w, i, places, loaded(w, i, places));
               });
}

/// 16 bytes: two halves in the register.
template <bool Checked>
void runLoad128(Warp &w, const Instruction &i, LaneMask mask) {
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 for (int k = 0; k < i.count; ++k) {
                   auto *to = w.lanes<uint64_t>(registerOf(w, i, k));
                   for (LaneMask rest = places.lanes; rest != 0;
                        rest &= rest - 1) {
                     int lane = std::countr_zero(rest);
                     std::memcpy(to + lane, places.at(lane) + k * 16, 8);
                     std::memcpy(to + kWarpLanes + lane,
                                 places.at(lane) + k * 16 + 8, 8);
                   }
                 }
                 if constexpr (Checked)
                   taintElements(w, i, places, loaded(w, i, places));
               });
}

template <typename T> void useSame(Binder &b) {
  b.out.handler = &runLoad<T, false>;
  b.out.checked = &runLoad<T, true>;
}
template <typename T> void useExtended(Binder &b) {
  b.out.handler = &runLoadExtended<T, false>;
  b.out.checked = &runLoadExtended<T, true>;
}

} // namespace

bool bindLoad(Binder &b) {
  if (!bindSpace(b) || !bindElements(b, 0))
    return false;
  Type type = b.type();
  bool sign = isSignedInteger(type);
  bool same = b.out.bytes == b.out.registerBytes;
  b.out.strong = b.has("volatile") || b.has("relaxed") || b.has("acquire");
  b.out.acquires = b.has("acquire");
  b.out.ownTaint = true;
  switch (b.out.bytes) {
  case 1:
    sign ? useExtended<int8_t>(b) : useExtended<uint8_t>(b);
    break;
  case 2:
    same   ? useSame<uint16_t>(b)
    : sign ? useExtended<int16_t>(b)
           : useExtended<uint16_t>(b);
    break;
  case 4:
    same   ? useSame<uint32_t>(b)
    : sign ? useExtended<int32_t>(b)
           : useExtended<uint32_t>(b);
    break;
  case 8:
    if (!same)
      return b.fail("expected a register of 64 bits");
    useSame<uint64_t>(b);
    break;
  default:
    if (!same)
      return b.fail("expected a register of 128 bits");
    b.out.handler = &runLoad128<false>;
    b.out.checked = &runLoad128<true>;
  }
  return true;
}

} // namespace sluice::sim
