#include "runtime/device/sim/numerics/Convert.h"

#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/numerics/Arithmetic32.h"
#include "runtime/device/sim/numerics/Lanes.h"

#include <algorithm>
#include <cstring>

namespace sluice::sim {
namespace {

std::optional<NumberType> numberType(Type type) {
  switch (type) {
  case Type::U8:
    return NumberType::U8;
  case Type::S8:
    return NumberType::S8;
  case Type::U16:
    return NumberType::U16;
  case Type::S16:
    return NumberType::S16;
  case Type::U32:
    return NumberType::U32;
  case Type::S32:
    return NumberType::S32;
  case Type::U64:
    return NumberType::U64;
  case Type::S64:
    return NumberType::S64;
  case Type::F16:
  case Type::F16x2:
    return NumberType::F16;
  case Type::Bf16:
  case Type::Bf16x2:
    return NumberType::Bf16;
  case Type::F32:
    return NumberType::F32;
  case Type::F64:
    return NumberType::F64;
  case Type::Tf32:
    return NumberType::Tf32;
  case Type::E4m3x2:
    return NumberType::E4m3;
  case Type::E5m2x2:
    return NumberType::E5m2;
  case Type::E2m1x2:
    return NumberType::E2m1;
  case Type::E2m3x2:
    return NumberType::E2m3;
  case Type::E3m2x2:
    return NumberType::E3m2;
  case Type::Ue8m0x2:
    return NumberType::Ue8m0;
  default:
    return std::nullopt;
  }
}

// Any conversion, one lane after another; payload: a Plan.
struct Plan {
  enum class Form : uint8_t { Single, Pair, Packed } form;
  Conversion conversion;
  int fromBits; // of the source register
  int toBits;   // of the destination register
  bool extendSign;
  int resultBits; // before it is extended to the register
};

uint64_t readLane(const Warp &w, uint32_t offset, int bits, int lane) {
  switch (bits) {
  case 16:
    return w.lanes<uint16_t>(offset)[lane];
  case 32:
    return w.lanes<uint32_t>(offset)[lane];
  default:
    return w.lanes<uint64_t>(offset)[lane];
  }
}

void writeLane(Warp &w, uint32_t offset, int bits, int lane, uint64_t value) {
  switch (bits) {
  case 16:
    w.lanes<uint16_t>(offset)[lane] = static_cast<uint16_t>(value);
    break;
  case 32:
    w.lanes<uint32_t>(offset)[lane] = static_cast<uint32_t>(value);
    break;
  default:
    w.lanes<uint64_t>(offset)[lane] = value;
  }
}

void runConvert(Warp &w, const Instruction &i, LaneMask mask) {
  const Plan &plan = *static_cast<const Plan *>(i.payload.data);
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    uint64_t x = readLane(w, i.a, plan.fromBits, lane);
    uint64_t result = 0;
    switch (plan.form) {
    case Plan::Form::Single:
      result = convert(plan.conversion, x);
      break;
    case Plan::Form::Pair:
      result = convertPair(plan.conversion, x,
                           readLane(w, i.b, plan.fromBits, lane));
      break;
    case Plan::Form::Packed:
      result = convertPacked(plan.conversion, x);
      break;
    }
    if (plan.extendSign && plan.resultBits < 64) {
      auto up = static_cast<int64_t>(result << (64 - plan.resultBits));
      result = static_cast<uint64_t>(up >> (64 - plan.resultBits));
    }
    writeLane(w, i.d, plan.toBits, lane, result);
  }
}

// Integers of the usual widths, without saturation.
#define WIDEN(name, To, From)                                                  \
  SLUICE_SIM_LANES(name) {                                                     \
    map1<To, From>(d, a, [](From x) { return static_cast<To>(x); });           \
  }
WIDEN(u32FromU16, uint32_t, uint16_t)
WIDEN(u32FromS16, uint32_t, int16_t)
WIDEN(u64FromU16, uint64_t, uint16_t)
WIDEN(u64FromS16, uint64_t, int16_t)
WIDEN(u64FromU32, uint64_t, uint32_t)
WIDEN(u64FromS32, uint64_t, int32_t)
WIDEN(u16FromU32, uint16_t, uint32_t)
WIDEN(u16FromU64, uint16_t, uint64_t)
WIDEN(u32FromU64, uint32_t, uint64_t)
WIDEN(same16, uint16_t, uint16_t)
WIDEN(same32, uint32_t, uint32_t)
WIDEN(same64, uint64_t, uint64_t)
WIDEN(f32FromS32, float, int32_t)
WIDEN(f32FromU32, float, uint32_t)
WIDEN(f64FromS32, double, int32_t)
WIDEN(f64FromU32, double, uint32_t)

/// .ftz and .sat alone.
SLUICE_SIM_LANES(f32FromF32) {
  uint32_t o = options;
  map1<float, float>(d, a, [o](float x) __attribute__((always_inline)) {
    x = (o & kFtz) != 0 ? flushed(x) : x;
    return canonical((o & kSat) != 0 ? saturated(x) : x);
  });
}

LanesOp *integerMove(Type to, Type from, int toBits, int fromBits) {
  if (isFloat(to) || isFloat(from) || typeBits(to) != toBits ||
      typeBits(from) != fromBits)
    return nullptr;
  bool sign = isSignedInteger(from);
  if (fromBits == toBits)
    return toBits == 16 ? same16 : toBits == 32 ? same32 : same64;
  if (fromBits == 16)
    return toBits == 32 ? (sign ? u32FromS16 : u32FromU16)
                        : (sign ? u64FromS16 : u64FromU16);
  if (fromBits == 32)
    return toBits == 64 ? (sign ? u64FromS32 : u64FromU32) : u16FromU32;
  return toBits == 16 ? u16FromU64 : u32FromU64;
}

bool bindForm(Binder &b, Plan::Form form) {
  Type to = b.type(0);
  Type from = b.type(1);
  Plan plan{};
  plan.form = form;
  plan.fromBits = b.operand(1).bits;
  plan.toBits = b.operand(0).bits;
  plan.resultBits = typeBits(to);
  plan.extendSign = isSignedInteger(to);
  Conversion &conversion = plan.conversion;
  conversion.to = *numberType(to);
  conversion.from = *numberType(from);
  conversion.rounding = roundingOf(b);
  bool integral = b.has("rni") || b.has("rzi") || b.has("rmi") || b.has("rpi");
  bool rounds = b.has("rn") || b.has("rz") || b.has("rm") || b.has("rp");
  conversion.integral = integral && isFloat(to) && isFloat(from);
  conversion.ftz = b.has("ftz");
  conversion.sat = b.has("sat");
  conversion.satfinite = b.has("satfinite");
  conversion.relu = b.has("relu");
  if (form == Plan::Form::Single && to != Type::Tf32) {
    // PTX demands a rounding exactly where a result may be inexact.
    bool toInteger = !isFloat(to) && isFloat(from);
    bool fromInteger = isFloat(to) && !isFloat(from);
    bool narrows = isFloat(to) && isFloat(from) &&
                   (typeBits(to) < typeBits(from) ||
                    (typeBits(to) == typeBits(from) && to != from));
    bool same = isFloat(to) && to == from;
    if (toInteger && !integral)
      return b.fail("expected .rni, .rzi, .rmi or .rpi from a float to an "
                    "integer");
    if ((fromInteger || narrows) && !rounds)
      return b.fail("expected .rn, .rz, .rm or .rp");
    if ((!toInteger && !same && integral) ||
        (!fromInteger && !narrows && rounds &&
         !(typeBits(from) == 16 && isFloat(from) && isFloat(to))))
      return b.fail("expected no rounding of this kind here");
  }
  if (form == Plan::Form::Single) {
    if (LanesOp *move = integerMove(to, from, plan.toBits, plan.fromBits);
        move != nullptr && !conversion.sat)
      return useBits(b, move, plan.toBits, 1, 0, plan.fromBits);
    bool plain = conversion.rounding == Rounding::Nearest && !conversion.sat &&
                 !conversion.ftz && plan.toBits == typeBits(to) &&
                 plan.fromBits == typeBits(from);
    if (to == Type::F32 && from == Type::F32 && !conversion.integral &&
        plan.toBits == 32 && plan.fromBits == 32)
      return useLanes(b, f32FromF32, 32,
                      (conversion.ftz ? kFtz : 0) |
                          (conversion.sat ? kSat : 0));
    if (plain && to == Type::F32 && from == Type::S32)
      return useLanes(b, f32FromS32, 32);
    if (plain && to == Type::F32 && from == Type::U32)
      return useLanes(b, f32FromU32, 32);
    if (plain && to == Type::F64 && from == Type::S32)
      return useLanes(b, f64FromS32, 64);
    if (plain && to == Type::F64 && from == Type::U32)
      return useLanes(b, f64FromU32, 64);
  }
  int wantedTo = std::max(typeBits(to), 16);
  int wantedFrom = std::max(typeBits(from), 16);
  if (plan.toBits == wantedTo && plan.fromBits == wantedFrom)
    if (LanesFunction *fast =
            convertLanes(conversion, form != Plan::Form::Single))
      return useLanes(b, fast, plan.toBits);
  b.useData(&runConvert, b.keep(plan));
  return true;
}

/// cvt.pack: two s32, clamped, and for 8 bits the lower half of a third.
void runPack(Warp &w, const Instruction &i, LaneMask mask) {
  bool isSigned = (i.options & 1) != 0;
  int bits = (i.options & 2) != 0 ? 16 : 8;
  int64_t low = isSigned ? -(int64_t{1} << (bits - 1)) : 0;
  int64_t high = (int64_t{1} << (isSigned ? bits - 1 : bits)) - 1;
  auto field = [&](int32_t x) {
    return static_cast<uint32_t>(std::clamp<int64_t>(x, low, high)) &
           ((1U << bits) - 1);
  };
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    uint32_t result = field(w.lanes<int32_t>(i.a)[lane]) << bits |
                      field(w.lanes<int32_t>(i.b)[lane]);
    if (bits == 8)
      result |= w.lanes<uint32_t>(i.c)[lane] << 16;
    w.lanes<uint32_t>(i.d)[lane] = result;
  }
}

} // namespace

bool bindCvt(Binder &b) { return bindForm(b, Plan::Form::Single); }
bool bindCvtPair(Binder &b) { return bindForm(b, Plan::Form::Pair); }
bool bindCvtPacked(Binder &b) { return bindForm(b, Plan::Form::Packed); }

bool bindCvtPack(Binder &b) {
  Type to = b.type(0);
  b.out.options = (isSignedInteger(to) ? 1 : 0) | (typeBits(to) == 16 ? 2 : 0);
  b.use(&runPack);
  return true;
}

} // namespace sluice::sim
