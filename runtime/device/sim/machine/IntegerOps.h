#pragma once

#include "runtime/device/sim/machine/Alu.h"

#include <algorithm>
#include <limits>

// Integer instructions on single values, PTX 9.7.1 and 9.7.8.
namespace sluice::sim::ops {

#define OP template <typename T> SLUICE_SIM_INLINE T

/// The double width in which a product is exact.
template <typename T>
using Double = std::conditional_t<
    sizeof(T) == 8,
    std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

OP add(T x, T y) {
  using W = Wrapping<T>;
  return static_cast<T>(static_cast<W>(x) + static_cast<W>(y));
}
OP sub(T x, T y) {
  using W = Wrapping<T>;
  return static_cast<T>(static_cast<W>(x) - static_cast<W>(y));
}
OP mulLo(T x, T y) {
  using W = Wrapping<T>;
  return static_cast<T>(static_cast<W>(x) * static_cast<W>(y));
}
OP mulHi(T x, T y) {
  return static_cast<T>((static_cast<Double<T>>(x) * y) >> (sizeof(T) * 8));
}
OP madLo(T x, T y, T z) { return add<T>(mulLo<T>(x, y), z); }
OP madHi(T x, T y, T z) { return add<T>(mulHi<T>(x, y), z); }
OP clampTo32(int64_t x) {
  return static_cast<T>(
      std::clamp<int64_t>(x, std::numeric_limits<int32_t>::min(),
                          std::numeric_limits<int32_t>::max()));
}
OP addSat(T x, T y) { return clampTo32<T>(int64_t{x} + y); }
OP subSat(T x, T y) { return clampTo32<T>(int64_t{x} - y); }
OP madHiSat(T x, T y, T z) { return clampTo32<T>(int64_t{mulHi<T>(x, y)} + z); }
// By zero: all ones, and the dividend as the remainder; PTX leaves it open.
OP div(T x, T y) {
  if (y == 0)
    return static_cast<T>(-1);
  if constexpr (std::is_signed_v<T>)
    if (y == -1)
      return sub<T>(0, x);
  return static_cast<T>(x / y);
}
OP rem(T x, T y) {
  if (y == 0)
    return x;
  if constexpr (std::is_signed_v<T>)
    if (y == -1)
      return 0;
  return static_cast<T>(x % y);
}
OP min(T x, T y) { return x < y ? x : y; }
OP max(T x, T y) { return x < y ? y : x; }
OP minRelu(T x, T y) { return max<T>(min<T>(x, y), 0); }
OP maxRelu(T x, T y) { return max<T>(max<T>(x, y), 0); }
OP abs(T x) { return x < 0 ? sub<T>(0, x) : x; }
OP neg(T x) { return sub<T>(0, x); }
OP sad(T x, T y, T z) { return add<T>(z, x < y ? sub<T>(y, x) : sub<T>(x, y)); }
OP bitAnd(T x, T y) { return static_cast<T>(x & y); }
OP bitOr(T x, T y) { return static_cast<T>(x | y); }
OP bitXor(T x, T y) { return static_cast<T>(x ^ y); }
OP bitNot(T x) { return static_cast<T>(~x); }
OP cnot(T x) { return x == 0 ? 1 : 0; }
OP brev(T x) {
  T result = 0;
  for (size_t i = 0; i < sizeof(T) * 8; ++i)
    result = static_cast<T>(result | ((x >> i & 1) << (sizeof(T) * 8 - 1 - i)));
  return result;
}

template <typename T, typename F>
SLUICE_SIM_INLINE uint32_t halves(uint32_t x, uint32_t y, F f) {
  auto low = static_cast<uint16_t>(f(static_cast<T>(x), static_cast<T>(y)));
  auto high = static_cast<uint16_t>(
      f(static_cast<T>(x >> 16), static_cast<T>(y >> 16)));
  return low | uint32_t{high} << 16;
}
OP add16x2(T x, T y) { return halves<uint16_t>(x, y, add<uint16_t>); }
OP minU16x2(T x, T y) { return halves<uint16_t>(x, y, min<uint16_t>); }
OP minS16x2(T x, T y) { return halves<int16_t>(x, y, min<int16_t>); }
OP maxU16x2(T x, T y) { return halves<uint16_t>(x, y, max<uint16_t>); }
OP maxS16x2(T x, T y) { return halves<int16_t>(x, y, max<int16_t>); }
OP minRelu16x2(T x, T y) { return halves<int16_t>(x, y, minRelu<int16_t>); }
OP maxRelu16x2(T x, T y) { return halves<int16_t>(x, y, maxRelu<int16_t>); }

/// The 48-bit product of the lower 24 bits.
template <typename T> SLUICE_SIM_INLINE Double<T> product24(T x, T y) {
  if constexpr (std::is_signed_v<T>)
    return static_cast<Double<T>>(
               static_cast<T>(static_cast<uint32_t>(x) << 8) >> 8) *
           (static_cast<T>(static_cast<uint32_t>(y) << 8) >> 8);
  else
    return static_cast<Double<T>>(x & 0xffffff) * (y & 0xffffff);
}
OP mul24Lo(T x, T y) { return static_cast<T>(product24<T>(x, y)); }
OP mul24Hi(T x, T y) { return static_cast<T>(product24<T>(x, y) >> 16); }
OP mad24Lo(T x, T y, T z) { return add<T>(mul24Lo<T>(x, y), z); }
OP mad24Hi(T x, T y, T z) { return add<T>(mul24Hi<T>(x, y), z); }

/// The lower `bits` bits of x with sign or zeros above; 32 and more: x.
OP extended(T x, uint32_t bits) {
  if (bits >= 32)
    return x;
  if (bits == 0)
    return 0;
  auto up = static_cast<T>(static_cast<uint32_t>(x) << (32 - bits));
  return static_cast<T>(up >> (32 - bits));
}
OP szextClamp(T x, T y) { return extended<T>(x, static_cast<uint32_t>(y)); }
OP szextWrap(T x, T y) { return extended<T>(x, static_cast<uint32_t>(y) & 31); }
/// y bits from bit x on.
SLUICE_SIM_INLINE uint32_t maskOf(uint64_t x, uint64_t y) {
  if (x >= 32 || y == 0)
    return 0;
  uint64_t bits = (uint64_t{1} << (y > 32 ? 32 : y)) - 1;
  return static_cast<uint32_t>(bits << x);
}
OP bmskClamp(T x, T y) { return maskOf(x, y); }
OP bmskWrap(T x, T y) { return maskOf(x & 31, y & 31); }

/// The |n|-th set bit of `mask` from bit `base` on, up for n > 0, down for
/// n < 0; n = 0: base itself, if set. All ones if there is none.
OP fns(T mask, T base, T n) {
  auto offset = static_cast<int32_t>(n);
  auto position = static_cast<int32_t>(base);
  if (position < 0 || position > 31)
    return 0xffffffff;
  int step = offset < 0 ? -1 : 1;
  uint32_t wanted = offset == 0  ? 1
                    : offset < 0 ? 0U - static_cast<uint32_t>(offset)
                                 : static_cast<uint32_t>(offset);
  for (; position >= 0 && position < 32; position += step) {
    if ((mask >> position & 1) != 0 && --wanted == 0)
      return static_cast<uint32_t>(position);
    if (offset == 0)
      break;
  }
  return 0xffffffff;
}

// shf: {y, x} as 64 bits, y above; the upper or the lower word is kept.
SLUICE_SIM_INLINE uint64_t joined(uint32_t low, uint32_t high) {
  return uint64_t{high} << 32 | low;
}
OP shfLeftClamp(T x, T y, T n) {
  uint32_t by = n < 32 ? n : 32;
  return static_cast<T>(by == 32 ? x : (joined(x, y) << by) >> 32);
}
OP shfLeftWrap(T x, T y, T n) {
  return static_cast<T>((joined(x, y) << (n & 31)) >> 32);
}
OP shfRightClamp(T x, T y, T n) {
  return static_cast<T>(joined(x, y) >> (n < 32 ? n : 32));
}
OP shfRightWrap(T x, T y, T n) {
  return static_cast<T>(joined(x, y) >> (n & 31));
}

template <bool Signed>
SLUICE_SIM_INLINE int64_t part(uint32_t x, int bits, int index) {
  uint32_t up = x << (32 - bits * (index + 1));
  return Signed ? static_cast<int32_t>(up) >> (32 - bits)
                : static_cast<int64_t>(up >> (32 - bits));
}
template <bool A, bool B>
SLUICE_SIM_INLINE uint32_t dp4a(uint32_t x, uint32_t y, uint32_t z) {
  int64_t sum = 0;
  for (int i = 0; i < 4; ++i)
    sum += part<A>(x, 8, i) * part<B>(y, 8, i);
  return static_cast<uint32_t>(sum) + z;
}
template <bool A, bool B>
SLUICE_SIM_INLINE uint32_t dp2aLo(uint32_t x, uint32_t y, uint32_t z) {
  int64_t sum = part<A>(x, 16, 0) * part<B>(y, 8, 0) +
                part<A>(x, 16, 1) * part<B>(y, 8, 1);
  return static_cast<uint32_t>(sum) + z;
}
template <bool A, bool B>
SLUICE_SIM_INLINE uint32_t dp2aHi(uint32_t x, uint32_t y, uint32_t z) {
  int64_t sum = part<A>(x, 16, 0) * part<B>(y, 8, 2) +
                part<A>(x, 16, 1) * part<B>(y, 8, 3);
  return static_cast<uint32_t>(sum) + z;
}

#undef OP

} // namespace sluice::sim::ops
