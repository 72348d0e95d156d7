#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"
#include "runtime/device/sim/program/Binder.h"

namespace sluice::sim {

// How floating-point modifiers are packed in Instruction::options.
inline constexpr uint32_t kFtz = 1 << 4;
inline constexpr uint32_t kSat = 1 << 5;
inline constexpr uint32_t kNan = 1 << 6;
inline constexpr uint32_t kXorSign = 1 << 7;

constexpr Rounding roundingOf(uint32_t options) {
  return static_cast<Rounding>(options & 15);
}

inline Rounding roundingOf(const Binder &b) {
  if (b.has("rz") || b.has("rzi"))
    return Rounding::Zero;
  if (b.has("rm") || b.has("rmi"))
    return Rounding::Down;
  if (b.has("rp") || b.has("rpi"))
    return Rounding::Up;
  return b.has("rna") ? Rounding::NearestAway : Rounding::Nearest;
}

inline uint32_t floatOptions(const Binder &b) {
  return static_cast<uint32_t>(roundingOf(b)) | (b.has("ftz") ? kFtz : 0) |
         (b.has("sat") ? kSat : 0) | (b.has("NaN") ? kNan : 0) |
         (b.has("xorsign") ? kXorSign : 0);
}

} // namespace sluice::sim
