#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/machine/PredicateTaint.h"
#include "runtime/device/sim/numerics/NarrowFloat.h"

#include <iterator>

namespace sluice::sim {
namespace {

// Comparisons of two registers as a mask of lanes. The float ones have an
// ordered and an unordered form of each; the latter hold for a NaN, too.
enum class Test : uint32_t { Eq, Ne, Lt, Le, Gt, Ge, Num, Nan };

template <Test Which, bool Unordered, typename T>
SLUICE_SIM_INLINE bool test(T x, T y) {
  [[maybe_unused]] bool nan = false;
  if constexpr (std::is_floating_point_v<T>)
    nan = x != x || y != y;
  if constexpr (Which == Test::Num)
    return !nan;
  else if constexpr (Which == Test::Nan)
    return nan;
  else {
    bool holds = Which == Test::Eq   ? x == y
                 : Which == Test::Ne ? x != y
                 : Which == Test::Lt ? x < y
                 : Which == Test::Le ? x <= y
                 : Which == Test::Gt ? x > y
                                     : x >= y;
    return Unordered ? holds || nan : holds && !nan;
  }
}

#define COMPARE(name)                                                          \
  SLUICE_SIM_MULTIVERSION LaneMask name(const void *a, const void *b,          \
                                        [[maybe_unused]] uint32_t options)
#define INTEGER(name, T, which)                                                \
  COMPARE(name) {                                                              \
    const auto *x = static_cast<const T *>(a);                                 \
    const auto *y = static_cast<const T *>(b);                                 \
    return maskOf([=](int lane) __attribute__((always_inline)) {               \
      return test<Test::which, false>(x[lane], y[lane]);                       \
    });                                                                        \
  }
#define INTEGERS(T, S)                                                         \
  INTEGER(eq##S, T, Eq)                                                        \
  INTEGER(ne##S, T, Ne)                                                        \
  INTEGER(lt##S, T, Lt)                                                        \
  INTEGER(le##S, T, Le)                                                        \
  INTEGER(gt##S, T, Gt)                                                        \
  INTEGER(ge##S, T, Ge)                                                        \
  constexpr CompareOp *table##S[] = {eq##S, ne##S, lt##S, le##S, gt##S, ge##S};
INTEGERS(uint16_t, U16)
INTEGERS(uint32_t, U32)
INTEGERS(uint64_t, U64)
INTEGERS(int16_t, S16)
INTEGERS(int32_t, S32)
INTEGERS(int64_t, S64)
constexpr CompareOp *const *integerTables[] = {tableU16, tableU32, tableU64,
                                               tableS16, tableS32, tableS64};

SLUICE_SIM_INLINE float loaded(const float *x, int lane, uint32_t options) {
  return (options & kFtz) != 0 ? flushed(x[lane]) : x[lane];
}
SLUICE_SIM_INLINE double loaded(const double *x, int lane, uint32_t) {
  return x[lane];
}
struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};
SLUICE_SIM_INLINE float loaded(const F16 *x, int lane, uint32_t options) {
  uint16_t bits = x[lane].bits;
  if ((options & kFtz) != 0 && (bits & 0x7c00) == 0)
    bits &= 0x8000;
  return widened<kF16>(bits);
}
SLUICE_SIM_INLINE float loaded(const Bf16 *x, int lane, uint32_t) {
  return widened<kBf16>(x[lane].bits);
}

#define FLOAT(name, T, which, unordered)                                       \
  COMPARE(name) {                                                              \
    const auto *x = static_cast<const T *>(a);                                 \
    const auto *y = static_cast<const T *>(b);                                 \
    return maskOf([=](int lane) __attribute__((always_inline)) {               \
      return test<Test::which, unordered>(loaded(x, lane, options),            \
                                          loaded(y, lane, options));           \
    });                                                                        \
  }
#define FLOATS(T, S)                                                           \
  FLOAT(eq##S, T, Eq, false)                                                   \
  FLOAT(ne##S, T, Ne, false)                                                   \
  FLOAT(lt##S, T, Lt, false)                                                   \
  FLOAT(le##S, T, Le, false)                                                   \
  FLOAT(gt##S, T, Gt, false)                                                   \
  FLOAT(ge##S, T, Ge, false)                                                   \
  FLOAT(num##S, T, Num, false)                                                 \
  FLOAT(nan##S, T, Nan, false)                                                 \
  FLOAT(equ##S, T, Eq, true)                                                   \
  FLOAT(neu##S, T, Ne, true)                                                   \
  FLOAT(ltu##S, T, Lt, true)                                                   \
  FLOAT(leu##S, T, Le, true)                                                   \
  FLOAT(gtu##S, T, Gt, true)                                                   \
  FLOAT(geu##S, T, Ge, true)                                                   \
  constexpr CompareOp *table##S[] = {eq##S,  ne##S,  lt##S,  le##S,  gt##S,    \
                                     ge##S,  num##S, nan##S, equ##S, neu##S,   \
                                     ltu##S, leu##S, gtu##S, geu##S};
FLOATS(float, F32)
FLOATS(double, F64)
FLOATS(F16, F16)
FLOATS(Bf16, Bf16)

CompareOp *compareOf(Binder &b, Type type) {
  constexpr std::string_view names[] = {"eq",  "ne",  "lt",  "le",  "gt",
                                        "ge",  "num", "nan", "equ", "neu",
                                        "ltu", "leu", "gtu", "geu"};
  int index = -1;
  for (size_t i = 0; i < std::size(names); ++i)
    if (b.has(names[i]))
      index = static_cast<int>(i);
  constexpr std::string_view unsignedNames[] = {"lo", "ls", "hi", "hs"};
  for (size_t i = 0; i < std::size(unsignedNames); ++i)
    if (b.has(unsignedNames[i])) {
      if (isSignedInteger(type))
        return nullptr;
      index = 2 + static_cast<int>(i);
    }
  bool bits = type == Type::B16 || type == Type::B32 || type == Type::B64;
  if (index < 0 || (bits && index > 1))
    return nullptr;
  if (type == Type::F32)
    return tableF32[index];
  if (type == Type::F64)
    return tableF64[index];
  if (type == Type::F16 || type == Type::F16x2)
    return tableF16[index];
  if (type == Type::Bf16 || type == Type::Bf16x2)
    return tableBf16[index];
  return index < 6 ? integerTables[integerIndex(type)][index] : nullptr;
}

// How a third operand, a predicate, is combined with the comparison.
constexpr uint32_t kAnd = 1 << 8;
constexpr uint32_t kOr = 2 << 8;
constexpr uint32_t kXor = 3 << 8;
constexpr uint32_t kLogic = 3 << 8;
constexpr uint32_t kNegated = 1 << 10;

SLUICE_SIM_INLINE LaneMask combined(LaneMask holds, LaneMask other,
                                    uint32_t options) {
  switch (options & kLogic) {
  case kAnd:
    return holds & other;
  case kOr:
    return holds | other;
  case kXor:
    return holds ^ other;
  default:
    return holds;
  }
}

LaneMask combinedTaint(Truth holds, Truth other, uint32_t options) {
  switch (options & kLogic) {
  case kAnd:
    return taintOfAnd(holds, other);
  case kOr:
    return taintOfOr(holds, other);
  default:
    return holds.tainted | other.tainted;
  }
}

/// The predicate that is combined with the comparison.
Truth otherOf(Warp &w, const Instruction &i) {
  if ((i.options & kLogic) == 0)
    return {};
  return {w.source(i.base, (i.options & kNegated) != 0),
          w.tracksTaint() ? w.taint(i.base / kUnit) : 0};
}

/// Where the numbers that are compared were written by nobody.
LaneMask comparedTaint(Warp &w, const Instruction &i) {
  LaneMask tainted = 0;
  const uint32_t *units = w.launch->program->operands.data() + i.uses;
  for (uint32_t k = 0; k < i.useCount; ++k)
    if ((i.options & kLogic) == 0 || units[k] != i.base / kUnit)
      tainted |= w.taint(units[k]);
  return tainted;
}

void runSetP(Warp &w, const Instruction &i, LaneMask mask) {
  std::byte *r = w.registers;
  LaneMask holds = i.payload.compare(r + i.a, r + i.b, i.options);
  if ((i.options & kLogic) == 0 && i.q == kNone) {
    w.setPredicate(i.p, holds, mask);
    return;
  }
  Truth other = otherOf(w, i);
  if (w.tracksTaint() && i.ownTaint) {
    LaneMask tainted = comparedTaint(w, i);
    w.setTaint(i.p / kUnit, combinedTaint({holds, tainted}, other, i.options),
               mask);
    if (i.q != kNone)
      w.setTaint(i.q / kUnit,
                 combinedTaint({~holds, tainted}, other, i.options), mask);
  }
  w.setPredicate(i.p, combined(holds, other.value, i.options), mask);
  if (i.q != kNone)
    w.setPredicate(i.q, combined(~holds, other.value, i.options), mask);
}

// f16x2: the lower halves give p, the upper ones q, each with c.
void runSetPPacked(Warp &w, const Instruction &i, LaneMask mask) {
  uint16_t part[4][kWarpLanes];
  for (int lane = 0; lane < kWarpLanes; ++lane)
    for (int half = 0; half < 2; ++half) {
      part[half][lane] =
          static_cast<uint16_t>(w.lanes<uint32_t>(i.a)[lane] >> (16 * half));
      part[2 + half][lane] =
          static_cast<uint16_t>(w.lanes<uint32_t>(i.b)[lane] >> (16 * half));
    }
  LaneMask other = otherOf(w, i).value;
  for (int half = 0; half < 2; ++half) {
    LaneMask holds = i.payload.compare(part[half], part[2 + half], i.options);
    uint32_t to = half == 0 ? i.p : i.q;
    if (to != kNone)
      w.setPredicate(to, combined(holds, other, i.options), mask);
  }
}

/// set: a number that stands for true in place of a predicate.
template <typename T>
void runSet(Warp &w, const Instruction &i, LaneMask mask) {
  std::byte *r = w.registers;
  LaneMask holds = i.payload.compare(r + i.a, r + i.b, i.options);
  LaneMask other = otherOf(w, i).value;
  holds = combined(holds, other, i.options);
  auto yes = static_cast<T>(i.offset);
  T *d = w.lanes<T>(i.d);
  for (int lane = 0; lane < kWarpLanes; ++lane)
    if ((mask >> lane & 1) != 0)
      d[lane] = (holds >> lane & 1) != 0 ? yes : 0;
}

void runSetPacked(Warp &w, const Instruction &i, LaneMask mask) {
  uint32_t *d = w.lanes<uint32_t>(i.d);
  uint16_t part[2][kWarpLanes];
  uint32_t result[kWarpLanes] = {};
  LaneMask other = otherOf(w, i).value;
  for (int half = 0; half < 2; ++half) {
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      part[0][lane] =
          static_cast<uint16_t>(w.lanes<uint32_t>(i.a)[lane] >> (16 * half));
      part[1][lane] =
          static_cast<uint16_t>(w.lanes<uint32_t>(i.b)[lane] >> (16 * half));
    }
    LaneMask holds = combined(i.payload.compare(part[0], part[1], i.options),
                              other, i.options);
    for (int lane = 0; lane < kWarpLanes; ++lane)
      if ((holds >> lane & 1) != 0)
        result[lane] |= static_cast<uint32_t>(i.offset) << (16 * half);
  }
  for (int lane = 0; lane < kWarpLanes; ++lane)
    if ((mask >> lane & 1) != 0)
      d[lane] = result[lane];
}

/// The logic with operand `index`, a predicate, if it is there.
bool addLogic(Binder &b, size_t index) {
  uint32_t logic = b.has("and")   ? kAnd
                   : b.has("or")  ? kOr
                   : b.has("xor") ? kXor
                                  : 0;
  if ((logic != 0) != b.operand(index).present)
    return b.fail("expected a predicate after the operands exactly if .and, "
                  ".or or .xor is there");
  b.out.options = floatOptions(b) | logic;
  if (logic != 0) {
    b.out.base = b.operand(index).offset;
    b.out.options |= b.operand(index).negated ? kNegated : 0;
  }
  return true;
}

} // namespace

bool bindSetP(Binder &b) {
  CompareOp *op = compareOf(b, b.type());
  if (op == nullptr)
    return b.fail("this comparison does not go with this type");
  b.out.payload.compare = op;
  b.out.ownTaint = b.has("and") || b.has("or");
  b.use(&runSetP);
  return addLogic(b, 3);
}

bool bindSetPPacked(Binder &b) {
  b.out.payload.compare = compareOf(b, b.type());
  b.use(&runSetPPacked);
  return addLogic(b, 3);
}

bool bindSet(Binder &b) {
  Type to = b.type(0);
  CompareOp *op = compareOf(b, b.type(1));
  if (op == nullptr)
    return b.fail("this comparison does not go with this type");
  b.out.payload.compare = op;
  b.out.p = kNone;
  bool packed = to == Type::F16x2 || to == Type::Bf16x2;
  switch (to) {
  case Type::F32:
    b.out.offset = 0x3f800000;
    break;
  case Type::F16:
  case Type::F16x2:
    b.out.offset = 0x3c00;
    break;
  case Type::Bf16:
  case Type::Bf16x2:
    b.out.offset = 0x3f80;
    break;
  default:
    b.out.offset = -1;
  }
  b.use(packed               ? &runSetPacked
        : typeBits(to) == 16 ? &runSet<uint16_t>
                             : &runSet<uint32_t>);
  return addLogic(b, 3);
}

} // namespace sluice::sim
