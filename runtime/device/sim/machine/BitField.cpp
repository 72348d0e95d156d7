#include "runtime/device/sim/machine/Alu.h"

namespace sluice::sim {
namespace {

// Shifts: amounts are u32 and clamped to the width.
template <typename T> SLUICE_SIM_INLINE T shl(T x, uint32_t n) {
  return n >= sizeof(T) * 8 ? 0 : static_cast<T>(Wrapping<T>(x) << n);
}
template <typename T> SLUICE_SIM_INLINE T shr(T x, uint32_t n) {
  constexpr uint32_t bits = sizeof(T) * 8;
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>(x >> (n < bits ? n : bits - 1));
  else
    return n >= bits ? 0 : static_cast<T>(x >> n);
}
#define SHIFT(name, f, T)                                                      \
  SLUICE_SIM_LANES(name) {                                                     \
    map2<T, T, uint32_t>(d, a, b,                                              \
                         [](T x, uint32_t n) __attribute__((always_inline)) {  \
                           return f<T>(x, n);                                  \
                         });                                                   \
  }
SHIFT(shl16, shl, uint16_t)
SHIFT(shl32, shl, uint32_t)
SHIFT(shl64, shl, uint64_t)
SHIFT(shrU16, shr, uint16_t)
SHIFT(shrU32, shr, uint32_t)
SHIFT(shrU64, shr, uint64_t)
SHIFT(shrS16, shr, int16_t)
SHIFT(shrS32, shr, int32_t)
SHIFT(shrS64, shr, int64_t)
constexpr LanesOp *shlTable[] = {shl16, shl32, shl64, shl16, shl32, shl64};
constexpr LanesOp *shrTable[] = {shrU16, shrU32, shrU64,
                                 shrS16, shrS32, shrS64};

#define COUNT(name, T, expression)                                             \
  SLUICE_SIM_LANES(name) {                                                     \
    map1<uint32_t, T>(d, a, [](T x) __attribute__((always_inline)) {           \
      return static_cast<uint32_t>(expression);                                \
    });                                                                        \
  }
COUNT(popc32, uint32_t, std::popcount(x))
COUNT(popc64, uint64_t, std::popcount(x))
COUNT(clz32, uint32_t, std::countl_zero(x))
COUNT(clz64, uint64_t, std::countl_zero(x))

/// The position of the highest bit that differs from the sign (unsigned: that
/// is set), or with `Amount` the shift that brings it to the top.
template <typename T, bool Amount> SLUICE_SIM_INLINE uint32_t bfind(T x) {
  using U = std::make_unsigned_t<T>;
  auto bits = static_cast<U>(x < 0 ? ~x : x);
  if (bits == 0)
    return 0xffffffff;
  auto zeros = static_cast<uint32_t>(std::countl_zero(bits));
  return Amount ? zeros : static_cast<uint32_t>(sizeof(T) * 8 - 1) - zeros;
}
COUNT(bfindU32, uint32_t, (bfind<uint32_t, false>(x)))
COUNT(bfindU64, uint64_t, (bfind<uint64_t, false>(x)))
COUNT(bfindS32, int32_t, (bfind<int32_t, false>(x)))
COUNT(bfindS64, int64_t, (bfind<int64_t, false>(x)))
COUNT(bfindAmountU32, uint32_t, (bfind<uint32_t, true>(x)))
COUNT(bfindAmountU64, uint64_t, (bfind<uint64_t, true>(x)))
COUNT(bfindAmountS32, int32_t, (bfind<int32_t, true>(x)))
COUNT(bfindAmountS64, int64_t, (bfind<int64_t, true>(x)))
constexpr LanesOp *bfindTable[2][6] = {
    {nullptr, bfindU32, bfindU64, nullptr, bfindS32, bfindS64},
    {nullptr, bfindAmountU32, bfindAmountU64, nullptr, bfindAmountS32,
     bfindAmountS64}};

/// `length` bits from `start` on; signed fields take their sign from the last
/// bit, or from x's where the field ends beyond it. PTX 9.7.1.19.
template <typename T>
SLUICE_SIM_INLINE T bfe(T x, uint32_t start, uint32_t length) {
  constexpr uint32_t top = sizeof(T) * 8 - 1;
  using U = std::make_unsigned_t<T>;
  start &= 255;
  length &= 255;
  U sign = 0;
  if constexpr (std::is_signed_v<T>)
    if (length != 0) {
      uint32_t last = start + length - 1 < top ? start + length - 1 : top;
      sign = static_cast<U>(x) >> last & 1;
    }
  U result = 0;
  for (uint32_t i = 0; i <= top; ++i) {
    U bit = i < length && start + i <= top
                ? static_cast<U>(x) >> (start + i) & 1
                : sign;
    result |= bit << i;
  }
  return static_cast<T>(result);
}
template <typename T>
SLUICE_SIM_INLINE T bfi(T from, T into, uint32_t start, uint32_t length) {
  constexpr uint32_t bits = sizeof(T) * 8;
  start &= 255;
  length &= 255;
  if (start >= bits || length == 0)
    return into;
  T ones = length >= bits ? ~T{0} : (T{1} << length) - 1;
  T mask = ones << start;
  return (into & ~mask) | (from << start & mask);
}

#define FIELD(name, T)                                                         \
  SLUICE_SIM_LANES(name) {                                                     \
    map3<T, T, uint32_t, uint32_t>(d, a, b, c,                                 \
                                   [](T x, uint32_t start, uint32_t length)    \
                                       __attribute__((always_inline)) {        \
                                         return bfe<T>(x, start, length);      \
                                       });                                     \
  }
FIELD(bfeU32, uint32_t)
FIELD(bfeU64, uint64_t)
FIELD(bfeS32, int32_t)
FIELD(bfeS64, int64_t)
constexpr LanesOp *bfeTable[] = {nullptr, bfeU32, bfeU64,
                                 nullptr, bfeS32, bfeS64};

// Four operands: the last in `base`.
template <typename T>
void runInsert(Warp &w, const Instruction &i, LaneMask mask) {
  T *d = w.lanes<T>(i.d);
  const T *from = w.lanes<T>(i.a);
  const T *into = w.lanes<T>(i.b);
  const auto *start = w.lanes<uint32_t>(i.c);
  const auto *length = w.lanes<uint32_t>(i.base);
  for (int lane = 0; lane < kWarpLanes; ++lane)
    if ((mask >> lane & 1) != 0)
      d[lane] = bfi<T>(from[lane], into[lane], start[lane], length[lane]);
}

/// For each bit the table's bit at the index that x, y and z make.
SLUICE_SIM_LANES(lop3) {
  uint32_t table = options;
  map3<uint32_t, uint32_t, uint32_t, uint32_t>(
      d, a, b, c,
      [table](uint32_t x, uint32_t y, uint32_t z)
          __attribute__((always_inline)) {
            uint32_t result = 0;
            for (uint32_t i = 0; i < 8; ++i) {
              uint32_t term = ((i & 4) != 0 ? x : ~x) &
                              ((i & 2) != 0 ? y : ~y) & ((i & 1) != 0 ? z : ~z);
              result |= term & (0U - (table >> i & 1));
            }
            return result;
          });
}

/// prmt: each byte of the result is one of eight, or that byte's sign.
template <int Mode>
SLUICE_SIM_INLINE uint32_t prmt(uint32_t x, uint32_t y, uint32_t selector) {
  uint64_t bytes = uint64_t{y} << 32 | x;
  uint32_t s = selector & 3;
  uint32_t result = 0;
  for (uint32_t i = 0; i < 4; ++i) {
    uint32_t index;
    bool sign = false;
    if constexpr (Mode == 0) {
      index = selector >> (4 * i) & 7;
      sign = (selector >> (4 * i + 3) & 1) != 0;
    } else if constexpr (Mode == 1) { // f4e
      index = s + i;
    } else if constexpr (Mode == 2) { // b4e
      index = (s + 8 - i) & 7;
    } else if constexpr (Mode == 3) { // rc8
      index = s;
    } else if constexpr (Mode == 4) { // ecl
      index = i > s ? i : s;
    } else if constexpr (Mode == 5) { // ecr
      index = i < s ? i : s;
    } else { // rc16
      index = (s & 1) * 2 + (i & 1);
    }
    auto byte = static_cast<uint32_t>(bytes >> (8 * index) & 255);
    if (sign)
      byte = (byte & 0x80) != 0 ? 255 : 0;
    result |= byte << (8 * i);
  }
  return result;
}
#define PERMUTE(mode)                                                          \
  SLUICE_SIM_LANES(prmt##mode) {                                               \
    map3<uint32_t, uint32_t, uint32_t, uint32_t>(d, a, b, c, prmt<mode>);      \
  }
PERMUTE(0)
PERMUTE(1)
PERMUTE(2)
PERMUTE(3)
PERMUTE(4)
PERMUTE(5)
PERMUTE(6)
constexpr LanesOp *prmtTable[] = {prmt0, prmt1, prmt2, prmt3,
                                  prmt4, prmt5, prmt6};

} // namespace

bool bindShift(Binder &b) {
  int index = integerIndex(b.type());
  return useBits(b, b.name() == "shl" ? shlTable[index] : shrTable[index],
                 typeBits(b.type()), 1);
}

bool bindBitCount(Binder &b) {
  bool wide = typeBits(b.type()) == 64;
  if (b.name() == "popc")
    return useLanes(b, wide ? popc64 : popc32, 32);
  if (b.name() == "clz")
    return useLanes(b, wide ? clz64 : clz32, 32);
  return useLanes(b, bfindTable[b.has("shiftamt")][integerIndex(b.type())], 32);
}

bool bindBitField(Binder &b) {
  return useBits(b, bfeTable[integerIndex(b.type())], typeBits(b.type()), 1);
}

bool bindBitInsert(Binder &b) {
  b.out.c = b.operand(3).offset;
  b.out.base = b.operand(4).offset;
  b.use(typeBits(b.type()) == 32 ? &runInsert<uint32_t> : &runInsert<uint64_t>);
  return true;
}

bool bindLop3(Binder &b) {
  if (b.operand(4).value > 255)
    return b.fail("expected a table of 8 bits");
  return useBits(b, lop3, 32, 3, static_cast<uint32_t>(b.operand(4).value));
}

bool bindPermute(Binder &b) {
  constexpr std::string_view modes[] = {"f4e", "b4e", "rc8",
                                        "ecl", "ecr", "rc16"};
  int mode = 0;
  for (int i = 0; i < 6; ++i)
    if (b.has(modes[i]))
      mode = i + 1;
  return useBits(b, prmtTable[mode], 32, 2);
}

} // namespace sluice::sim
