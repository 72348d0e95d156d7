#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/machine/PredicateTaint.h"
#include "runtime/device/sim/memory/Windows.h"
#include "runtime/device/sim/numerics/Arithmetic32.h"

#include <cstring>

namespace sluice::sim {
namespace {

#define COPY(name, T)                                                          \
  SLUICE_SIM_LANES(name) {                                                     \
    map1<T, T>(d, a, [](T x) { return x; });                                   \
  }
COPY(copy16, uint16_t)
COPY(copy32, uint32_t)
COPY(copy64, uint64_t)

void runCopy128(Warp &w, const Instruction &i, LaneMask mask) {
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    for (int half = 0; half < 64; half += 32)
      w.lanes<uint64_t>(i.d)[half + lane] = w.lanes<uint64_t>(i.a)[half + lane];
  }
}

template <typename T>
SLUICE_SIM_INLINE void select(void *d, const void *a, const void *b,
                              LaneMask p) {
  auto *to = static_cast<T *>(d);
  const auto *x = static_cast<const T *>(a);
  const auto *y = static_cast<const T *>(b);
  SLUICE_SIM_LOOP to[lane] = (p >> lane & 1) != 0 ? x[lane] : y[lane];
}
/// What was not chosen does not matter; `choice` is the taint of what chose.
void selectTaint(Warp &w, const Instruction &i, LaneMask p, LaneMask choice,
                 LaneMask mask, uint32_t units) {
  for (uint32_t unit = 0; unit < units; ++unit)
    w.setTaint(i.d / kUnit + unit,
               (w.taint(i.a / kUnit + unit) & p) |
                   (w.taint(i.b / kUnit + unit) & ~p) | choice,
               mask);
}
#define SELECT(name, T)                                                        \
  SLUICE_SIM_MULTIVERSION void name##All(void *d, const void *a,               \
                                         const void *b, LaneMask p) {          \
    select<T>(d, a, b, p);                                                     \
  }                                                                            \
  void name(Warp &w, const Instruction &i, LaneMask mask) {                    \
    std::byte *r = w.registers;                                                \
    LaneMask p = w.source(i.p, i.pNegated);                                    \
    if (w.tracksTaint())                                                       \
      selectTaint(w, i, p, w.taint(i.p / kUnit), mask, sizeof(T) / 2);         \
    if (mask == kAllLanes) {                                                   \
      name##All(r + i.d, r + i.a, r + i.b, p);                                 \
      return;                                                                  \
    }                                                                          \
    alignas(64) T result[kWarpLanes];                                          \
    name##All(result, r + i.a, r + i.b, p);                                    \
    name##All(r + i.d, result, r + i.d, mask);                                 \
  }
SELECT(select16, uint16_t)
SELECT(select32, uint32_t)
SELECT(select64, uint64_t)

/// slct: a if c >= 0 (not for a NaN), else b.
template <typename T, bool IsFloat>
void runSelectBySign(Warp &w, const Instruction &i, LaneMask mask) {
  LaneMask first = 0;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    bool positive;
    if constexpr (IsFloat) {
      float c = w.lanes<float>(i.c)[lane];
      positive = ((i.options & kFtz) != 0 ? flushed(c) : c) >= 0;
    } else {
      positive = w.lanes<int32_t>(i.c)[lane] >= 0;
    }
    first |= LaneMask{positive} << lane;
  }
  if (w.tracksTaint())
    selectTaint(w, i, first, w.taintOf(i.c, 4), mask, sizeof(T) / 2);
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    w.lanes<T>(i.d)[lane] =
        w.lanes<T>((first >> lane & 1) != 0 ? i.a : i.b)[lane];
  }
}

// Predicates; sources are in a and b, bit 0 and 1 of options negate them.
enum class Logic : uint8_t { And, Or, Xor, Copy };
template <Logic Which>
void runPredicate(Warp &w, const Instruction &i, LaneMask mask) {
  LaneMask x = w.source(i.a, (i.options & 1) != 0);
  LaneMask y = w.source(i.b, (i.options & 2) != 0);
  LaneMask result = Which == Logic::And   ? x & y
                    : Which == Logic::Or  ? x | y
                    : Which == Logic::Xor ? x ^ y
                                          : x;
  if (w.tracksTaint()) {
    Truth first{x, w.taint(i.a / kUnit)};
    Truth second{y, w.taint(i.b / kUnit)};
    w.setTaint(i.p / kUnit,
               Which == Logic::And  ? taintOfAnd(first, second)
               : Which == Logic::Or ? taintOfOr(first, second)
                                    : first.tainted | second.tainted,
               mask);
  }
  w.setPredicate(i.p, result, mask);
}

uint64_t windowOf(const Binder &b) {
  if (b.has("shared") || b.has("shared::cta"))
    return kSharedWindow;
  if (b.has("local"))
    return kLocalWindow;
  return b.has("param") ? kParamWindow : 0;
}

// The window's start is added or taken away; it has no bits below 40.
SLUICE_SIM_LANES(toGeneric) {
  uint64_t window = uint64_t{options} << 40;
  map1<uint64_t, uint64_t>(d, a, [window](uint64_t x) { return x + window; });
}
SLUICE_SIM_LANES(fromGeneric) {
  uint64_t window = uint64_t{options} << 40;
  map1<uint64_t, uint64_t>(d, a, [window](uint64_t x) { return x - window; });
}

void runIsSpace(Warp &w, const Instruction &i, LaneMask mask) {
  uint64_t window = uint64_t{i.options} << 40;
  LaneMask result = 0;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    uint64_t address = w.lanes<uint64_t>(i.a)[lane];
    bool inside =
        window != 0 ? address - window < kWindowBytes : address >= kGlobalStart;
    result |= LaneMask{inside} << lane;
  }
  w.setPredicate(i.p, result, mask);
}

void runNothing(Warp &w, const Instruction &i, LaneMask mask) {
  (void)w;
  (void)i;
  (void)mask;
}

} // namespace

bool bindMov(Binder &b) {
  int bits = typeBits(b.type());
  bool pack = b.statement.operands[1].kind == OperandKind::Vector;
  bool unpack = b.statement.operands[0].kind == OperandKind::Vector;
  if (pack || unpack)
    return bindParts(b, bits, pack, unpack);
  if (bits == 128) {
    b.use(&runCopy128);
    return true;
  }
  return useLanes(b, bits == 16 ? copy16 : bits == 32 ? copy32 : copy64, bits);
}

bool bindSelect(Binder &b) {
  b.out.ownTaint = true;
  int bits = typeBits(b.type());
  b.use(bits == 16 ? &select16 : bits == 32 ? &select32 : &select64);
  return true;
}

bool bindSelectBySign(Binder &b) {
  bool isF32 = b.type(1) == Type::F32;
  b.out.options = floatOptions(b);
  b.out.ownTaint = true;
  switch (typeBits(b.type())) {
  case 16:
    b.use(isF32 ? &runSelectBySign<uint16_t, true>
                : &runSelectBySign<uint16_t, false>);
    break;
  case 32:
    b.use(isF32 ? &runSelectBySign<uint32_t, true>
                : &runSelectBySign<uint32_t, false>);
    break;
  default:
    b.use(isF32 ? &runSelectBySign<uint64_t, true>
                : &runSelectBySign<uint64_t, false>);
  }
  return true;
}

bool bindPredicateLogic(Binder &b) {
  std::string_view name = b.name();
  const BoundOperand &x = b.operand(1);
  b.out.a = b.out.b = x.offset;
  b.out.options = x.negated ? 1 : 0;
  if (name == "not")
    b.out.options ^= 1;
  if (b.operands.size() > 2) {
    b.out.b = b.operand(2).offset;
    b.out.options |= b.operand(2).negated ? 2 : 0;
  }
  b.out.ownTaint = true;
  b.use(name == "and"   ? &runPredicate<Logic::And>
        : name == "or"  ? &runPredicate<Logic::Or>
        : name == "xor" ? &runPredicate<Logic::Xor>
                        : &runPredicate<Logic::Copy>);
  return true;
}

bool bindCvta(Binder &b) {
  if (typeBits(b.type()) != 64)
    return b.fail("expected .u64: generic addresses have 64 bits");
  auto window = static_cast<uint32_t>(windowOf(b) >> 40);
  return useLanes(b,
                  window == 0   ? copy64
                  : b.has("to") ? fromGeneric
                                : toGeneric,
                  64, window);
}

bool bindIsSpace(Binder &b) {
  b.out.options = static_cast<uint32_t>(windowOf(b) >> 40);
  b.use(&runIsSpace);
  return true;
}

/// A policy is a number that nothing here looks at.
bool bindCreatePolicy(Binder &b) {
  b.out.a = 0;
  return useLanes(b, copy64, 64);
}

bool bindNothing(Binder &b) {
  b.use(&runNothing);
  return true;
}

bool bindSetMaxRegisters(Binder &b) {
  uint64_t count = b.operand(0).value;
  if (count < 24 || count > 256 || count % 8 != 0)
    return b.fail("expected a multiple of 8 from 24 to 256 registers");
  b.use(&runNothing);
  return true;
}

} // namespace sluice::sim
