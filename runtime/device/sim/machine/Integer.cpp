#include "runtime/device/sim/machine/IntegerOps.h"

#include "runtime/device/sim/machine/Alu.h"

#include <algorithm>

namespace sluice::sim {
namespace {

// One function for each type, and a table of them in the order of
// integerIndex.
#define LANES_2(name, suffix, T)                                               \
  SLUICE_SIM_LANES(name##suffix) {                                             \
    map2<T, T>(d, a, b, [](T x, T y) __attribute__((always_inline)) {          \
      return ops::name(x, y);                                                  \
    });                                                                        \
  }
#define LANES_3(name, suffix, T)                                               \
  SLUICE_SIM_LANES(name##suffix) {                                             \
    map3<T, T, T, T>(d, a, b, c,                                               \
                     [](T x, T y, T z) __attribute__((always_inline)) {        \
                       return ops::name(x, y, z);                              \
                     });                                                       \
  }
#define LANES_1(name, suffix, T)                                               \
  SLUICE_SIM_LANES(name##suffix) {                                             \
    map1<T, T>(d, a, [](T x) __attribute__((always_inline)) {                  \
      return ops::name(x);                                                     \
    });                                                                        \
  }
#define UNSIGNED(count, name)                                                  \
  LANES_##count(name, U16, uint16_t) LANES_##count(name, U32, uint32_t)        \
      LANES_##count(name, U64, uint64_t)
#define SIGNED(count, name)                                                    \
  LANES_##count(name, S16, int16_t) LANES_##count(name, S32, int32_t)          \
      LANES_##count(name, S64, int64_t)
#define BOTH(count, name)                                                      \
  UNSIGNED(count, name)                                                        \
  SIGNED(count, name)                                                          \
  constexpr LanesOp *name##Table[] = {name##U16, name##U32, name##U64,         \
                                      name##S16, name##S32, name##S64};
// Signs make no difference.
#define SIGNLESS(count, name)                                                  \
  UNSIGNED(count, name)                                                        \
  constexpr LanesOp *name##Table[] = {name##U16, name##U32, name##U64,         \
                                      name##U16, name##U32, name##U64};
#define ONLY_SIGNED(count, name)                                               \
  SIGNED(count, name)                                                          \
  constexpr LanesOp *name##Table[] = {nullptr,   nullptr,   nullptr,           \
                                      name##S16, name##S32, name##S64};

SIGNLESS(2, add)
SIGNLESS(2, sub)
SIGNLESS(2, mulLo)
BOTH(2, mulHi)
BOTH(2, div)
BOTH(2, rem)
BOTH(2, min)
BOTH(2, max)
SIGNLESS(2, bitAnd)
SIGNLESS(2, bitOr)
SIGNLESS(2, bitXor)
SIGNLESS(3, madLo)
BOTH(3, madHi)
BOTH(3, sad)
ONLY_SIGNED(1, abs)
SIGNLESS(1, neg)
SIGNLESS(1, bitNot)
SIGNLESS(1, cnot)
SIGNLESS(1, brev)
LANES_2(addSat, S32, int32_t)
LANES_2(subSat, S32, int32_t)
LANES_2(minRelu, S32, int32_t)
LANES_2(maxRelu, S32, int32_t)
LANES_3(madHiSat, S32, int32_t)
LANES_2(add16x2, U32, uint32_t)
LANES_2(minU16x2, U32, uint32_t)
LANES_2(minS16x2, U32, uint32_t)
LANES_2(maxU16x2, U32, uint32_t)
LANES_2(maxS16x2, U32, uint32_t)
LANES_2(minRelu16x2, U32, uint32_t)
LANES_2(maxRelu16x2, U32, uint32_t)
LANES_2(mul24Lo, U32, uint32_t)
LANES_2(mul24Lo, S32, int32_t)
LANES_2(mul24Hi, U32, uint32_t)
LANES_2(mul24Hi, S32, int32_t)
LANES_3(mad24Lo, U32, uint32_t)
LANES_3(mad24Lo, S32, int32_t)
LANES_3(mad24Hi, U32, uint32_t)
LANES_3(mad24Hi, S32, int32_t)
LANES_2(szextClamp, U32, uint32_t)
LANES_2(szextClamp, S32, int32_t)
LANES_2(szextWrap, U32, uint32_t)
LANES_2(szextWrap, S32, int32_t)
LANES_2(bmskClamp, U32, uint32_t)
LANES_2(bmskWrap, U32, uint32_t)
LANES_3(fns, U32, uint32_t)
LANES_3(shfLeftClamp, U32, uint32_t)
LANES_3(shfLeftWrap, U32, uint32_t)
LANES_3(shfRightClamp, U32, uint32_t)
LANES_3(shfRightWrap, U32, uint32_t)

#define DOT(name, signs)                                                       \
  SLUICE_SIM_LANES(name##signs) {                                              \
    map3<uint32_t, uint32_t, uint32_t, uint32_t>(                              \
        d, a, b, c,                                                            \
        [](uint32_t x, uint32_t y, uint32_t z)                                 \
            __attribute__((always_inline)) {                                   \
              return ops::name<(signs & 2) != 0, (signs & 1) != 0>(x, y, z);   \
            });                                                                \
  }
#define DOTS(name)                                                             \
  DOT(name, 0)                                                                 \
  DOT(name, 1)                                                                 \
  DOT(name, 2)                                                                 \
  DOT(name, 3)                                                                 \
  constexpr LanesOp *name##Table[] = {name##0, name##1, name##2, name##3};
DOTS(dp4a)
DOTS(dp2aLo)
DOTS(dp2aHi)

SLUICE_SIM_LANES(mulWideU16) {
  map2<uint32_t, uint16_t>(
      d, a, b, [](uint16_t x, uint16_t y) { return uint32_t{x} * y; });
}
SLUICE_SIM_LANES(mulWideS16) {
  map2<int32_t, int16_t>(d, a, b,
                         [](int16_t x, int16_t y) { return int32_t{x} * y; });
}
SLUICE_SIM_LANES(mulWideU32) {
  map2<uint64_t, uint32_t>(
      d, a, b, [](uint32_t x, uint32_t y) { return uint64_t{x} * y; });
}
SLUICE_SIM_LANES(mulWideS32) {
  map2<int64_t, int32_t>(d, a, b,
                         [](int32_t x, int32_t y) { return int64_t{x} * y; });
}
SLUICE_SIM_LANES(madWideU16) {
  map3<uint32_t, uint16_t, uint16_t, uint32_t>(
      d, a, b, c,
      [](uint16_t x, uint16_t y, uint32_t z) { return uint32_t{x} * y + z; });
}
SLUICE_SIM_LANES(madWideS16) {
  map3<uint32_t, int16_t, int16_t, uint32_t>(
      d, a, b, c, [](int16_t x, int16_t y, uint32_t z) {
        return static_cast<uint32_t>(int32_t{x} * y) + z;
      });
}
SLUICE_SIM_LANES(madWideU32) {
  map3<uint64_t, uint32_t, uint32_t, uint64_t>(
      d, a, b, c,
      [](uint32_t x, uint32_t y, uint64_t z) { return uint64_t{x} * y + z; });
}
SLUICE_SIM_LANES(madWideS32) {
  map3<uint64_t, int32_t, int32_t, uint64_t>(
      d, a, b, c, [](int32_t x, int32_t y, uint64_t z) {
        return static_cast<uint64_t>(int64_t{x} * y) + z;
      });
}

LanesOp *wideOf(Type type, bool add) {
  switch (type) {
  case Type::U16:
    return add ? madWideU16 : mulWideU16;
  case Type::S16:
    return add ? madWideS16 : mulWideS16;
  case Type::U32:
    return add ? madWideU32 : mulWideU32;
  default:
    return add ? madWideS32 : mulWideS32;
  }
}

LanesOp *packed(Type type, LanesOp *unsignedOp, LanesOp *signedOp,
                LanesOp *otherwise = nullptr) {
  return type == Type::U16x2   ? unsignedOp
         : type == Type::S16x2 ? signedOp
                               : otherwise;
}

LanesOp *pick(Binder &b, LanesOp *const (&table)[6]) {
  int index = integerIndex(b.type());
  return index < 0 ? nullptr : table[index];
}

} // namespace

bool bindInteger1(Binder &b) {
  std::string_view name = b.name();
  LanesOp *op = name == "abs"    ? pick(b, absTable)
                : name == "neg"  ? pick(b, negTable)
                : name == "not"  ? pick(b, bitNotTable)
                : name == "cnot" ? pick(b, cnotTable)
                                 : pick(b, brevTable);
  if (name == "not")
    return useBits(b, op, typeBits(b.type()), 1);
  return useLanes(b, op, typeBits(b.type()));
}

bool bindInteger2(Binder &b) {
  std::string_view name = b.name();
  Type type = b.type();
  bool isSigned = type == Type::S32;
  bool hi = b.has("hi");
  LanesOp *op = nullptr;
  if (name == "add")
    op = b.has("sat") ? addSatS32 : packed(type, add16x2U32, add16x2U32);
  else if (name == "sub")
    op = b.has("sat") ? subSatS32 : nullptr;
  else if (name == "min")
    op = b.has("relu") ? packed(type, nullptr, minRelu16x2U32, minReluS32)
                       : packed(type, minU16x2U32, minS16x2U32);
  else if (name == "max")
    op = b.has("relu") ? packed(type, nullptr, maxRelu16x2U32, maxReluS32)
                       : packed(type, maxU16x2U32, maxS16x2U32);
  else if (name == "mul24")
    op = hi ? (isSigned ? mul24HiS32 : mul24HiU32)
            : (isSigned ? mul24LoS32 : mul24LoU32);
  else if (name == "szext")
    op = b.has("wrap") ? (isSigned ? szextWrapS32 : szextWrapU32)
                       : (isSigned ? szextClampS32 : szextClampU32);
  else if (name == "bmsk")
    op = b.has("wrap") ? bmskWrapU32 : bmskClampU32;
  if (op == nullptr)
    op = name == "add"   ? pick(b, addTable)
         : name == "sub" ? pick(b, subTable)
         : name == "mul" ? (hi ? pick(b, mulHiTable) : pick(b, mulLoTable))
         : name == "div" ? pick(b, divTable)
         : name == "rem" ? pick(b, remTable)
         : name == "min" ? pick(b, minTable)
         : name == "max" ? pick(b, maxTable)
         : name == "and" ? pick(b, bitAndTable)
         : name == "or"  ? pick(b, bitOrTable)
                         : pick(b, bitXorTable);
  if (name == "and" || name == "or" || name == "xor")
    return useBits(b, op, typeBits(type), 2);
  return useLanes(b, op, typeBits(type));
}

bool bindInteger3(Binder &b) {
  std::string_view name = b.name();
  bool isSigned = b.type() == Type::S32;
  bool hi = b.has("hi");
  bool wrap = b.has("wrap");
  LanesOp *op = nullptr;
  if (name == "mad")
    op = b.has("sat") ? madHiSatS32
         : hi         ? pick(b, madHiTable)
                      : pick(b, madLoTable);
  else if (name == "sad")
    op = pick(b, sadTable);
  else if (name == "mad24")
    op = hi ? (isSigned ? mad24HiS32 : mad24HiU32)
            : (isSigned ? mad24LoS32 : mad24LoU32);
  else if (name == "fns")
    op = fnsU32;
  else if (name == "shf")
    return useBits(b,
                   b.has("l") ? (wrap ? shfLeftWrapU32 : shfLeftClampU32)
                              : (wrap ? shfRightWrapU32 : shfRightClampU32),
                   32, 2);
  else {
    int signs =
        (b.type(0) == Type::S32 ? 2 : 0) + (b.type(1) == Type::S32 ? 1 : 0);
    op = name == "dp4a" ? dp4aTable[signs]
         : hi           ? dp2aHiTable[signs]
                        : dp2aLoTable[signs];
    return useLanes(b, op, 32);
  }
  return useLanes(b, op, typeBits(b.type()));
}

bool bindMulWide(Binder &b) {
  return useLanes(b, wideOf(b.type(), false), 2 * typeBits(b.type()));
}

bool bindMadWide(Binder &b) {
  return useLanes(b, wideOf(b.type(), true), 2 * typeBits(b.type()));
}

} // namespace sluice::sim
