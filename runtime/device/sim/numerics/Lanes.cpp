#include "runtime/device/sim/numerics/Lanes.h"

#include "runtime/device/sim/numerics/Multiversion.h"

#include <cstring>

namespace sluice::sim {
namespace {

#define INLINED __attribute__((always_inline)) // of a lambda

template <typename To, typename From, typename Function>
SLUICE_SIM_INLINE void unary(void *d, const void *a, Function f) {
  From x[kLanes];
  To result[kLanes];
  std::memcpy(x, a, sizeof x);
  SLUICE_SIM_VECTORISE for (int i = 0; i < kLanes; ++i) result[i] = f(x[i]);
  std::memcpy(d, result, sizeof result);
}

template <typename To, typename From, typename Function>
SLUICE_SIM_INLINE void binary(void *d, const void *a, const void *b,
                              Function f) {
  From x[kLanes];
  From y[kLanes];
  To result[kLanes];
  std::memcpy(x, a, sizeof x);
  std::memcpy(y, b, sizeof y);
  SLUICE_SIM_VECTORISE for (int i = 0; i < kLanes; ++i) result[i] =
      f(x[i], y[i]);
  std::memcpy(d, result, sizeof result);
}

/// 16-bit lanes, or the halves of 32-bit ones, which lie as 64 in a row.
template <int Count, typename Function>
SLUICE_SIM_INLINE void halves(void *d, const void *a, const void *b,
                              const void *c, Function f) {
  uint16_t x[Count];
  uint16_t y[Count];
  uint16_t z[Count];
  uint16_t result[Count];
  std::memcpy(x, a, sizeof x);
  std::memcpy(y, b, sizeof y);
  std::memcpy(z, c, sizeof z);
  SLUICE_SIM_VECTORISE for (int i = 0; i < Count; ++i) result[i] =
      f(x[i], y[i], z[i]);
  std::memcpy(d, result, sizeof result);
}

#define LANES(name)                                                            \
  SLUICE_SIM_MULTIVERSION void name(void *d, const void *a,                    \
                                    [[maybe_unused]] const void *b,            \
                                    [[maybe_unused]] const void *c, uint32_t)

// name, third operand (or any other, unused), operation, modifiers: single and
// packed.
#define HALF(name, third, call, ...)                                           \
  LANES(name) {                                                                \
    halves<32>(d, a, b, third,                                                 \
               [](uint16_t x, uint16_t y, uint16_t z) INLINED {                \
                 (void)z;                                                      \
                 constexpr HalfModifiers m{__VA_ARGS__};                       \
                 return call;                                                  \
               });                                                             \
  }                                                                            \
  LANES(name##Packed) {                                                        \
    halves<64>(d, a, b, third,                                                 \
               [](uint16_t x, uint16_t y, uint16_t z) INLINED {                \
                 (void)z;                                                      \
                 constexpr HalfModifiers m{__VA_ARGS__};                       \
                 return call;                                                  \
               });                                                             \
  }

#define HALF_ALL(suffix, ...)                                                  \
  HALF(add##suffix, a, addHalf<kF16>(x, y, m), __VA_ARGS__)                    \
  HALF(sub##suffix, a, subHalf<kF16>(x, y, m), __VA_ARGS__)                    \
  HALF(mul##suffix, a, mulHalf<kF16>(x, y, m), __VA_ARGS__)                    \
  HALF(fma##suffix, c, fmaHalf<kF16>(x, y, z, m), __VA_ARGS__)

HALF_ALL(F16, )
HALF_ALL(F16Ftz, .ftz = true)
HALF_ALL(F16Sat, .sat = true)
HALF_ALL(F16FtzSat, .ftz = true, .sat = true)
HALF(fmaF16Relu, c, fmaHalf<kF16>(x, y, z, m), .relu = true)
HALF(fmaF16FtzRelu, c, fmaHalf<kF16>(x, y, z, m), .ftz = true, .relu = true)
HALF(addBf16, a, addHalf<kBf16>(x, y, m))
HALF(subBf16, a, subHalf<kBf16>(x, y, m))
HALF(mulBf16, a, mulHalf<kBf16>(x, y, m))
HALF(fmaBf16, c, fmaHalf<kBf16>(x, y, z, m))
HALF(fmaBf16Relu, c, fmaHalf<kBf16>(x, y, z, m), .relu = true)

/// f32 to a packed pair, the first operand in the upper bits.
template <const FloatFormat &F, typename Word, bool Saturate = !F.hasInfinity>
SLUICE_SIM_INLINE Word packedPair(float high, float low) {
  constexpr int width = F.bits() == 6 ? 8 : F.bits();
  return static_cast<Word>(narrowed<F, Saturate>(low) |
                           narrowed<F, Saturate>(high) << width);
}

template <const FloatFormat &F> SLUICE_SIM_INLINE uint32_t f16Pair(uint16_t x) {
  constexpr int width = F.bits() == 6 ? 8 : F.bits();
  constexpr uint32_t mask = (1U << F.bits()) - 1;
  return narrowed<kF16>(widened<F>(x & mask)) |
         narrowed<kF16>(widened<F>(x >> width & mask)) << 16;
}

LANES(f32ToF16) {
  unary<uint16_t, float>(
      d, a, [](float x) { return static_cast<uint16_t>(narrowed<kF16>(x)); });
}
LANES(f32ToBf16) {
  unary<uint16_t, float>(
      d, a, [](float x) { return static_cast<uint16_t>(narrowed<kBf16>(x)); });
}
LANES(f32PairToF16x2) {
  binary<uint32_t, float>(d, a, b, packedPair<kF16, uint32_t>);
}
LANES(f32PairToBf16x2) {
  binary<uint32_t, float>(d, a, b, packedPair<kBf16, uint32_t>);
}
LANES(f16ToF32) {
  unary<float, uint16_t>(d, a, [](uint16_t x) { return widened<kF16>(x); });
}
LANES(bf16ToF32) {
  unary<float, uint16_t>(d, a, [](uint16_t x) { return widened<kBf16>(x); });
}
LANES(f32PairToE4m3x2) {
  binary<uint16_t, float>(d, a, b, packedPair<kE4m3, uint16_t>);
}
LANES(f32PairToE5m2x2) {
  binary<uint16_t, float>(d, a, b, packedPair<kE5m2, uint16_t, true>);
}
LANES(f32PairToE2m1x2) {
  binary<uint16_t, float>(d, a, b, packedPair<kE2m1, uint16_t>);
}
LANES(e4m3x2ToF16x2) { unary<uint32_t, uint16_t>(d, a, f16Pair<kE4m3>); }
LANES(e5m2x2ToF16x2) { unary<uint32_t, uint16_t>(d, a, f16Pair<kE5m2>); }
LANES(e2m1x2ToF16x2) { unary<uint32_t, uint16_t>(d, a, f16Pair<kE2m1>); }

LANES(s32ToF32) {
  unary<float, int32_t>(d, a, [](int32_t x) { return static_cast<float>(x); });
}
LANES(u32ToF32) {
  unary<float, uint32_t>(d, a,
                         [](uint32_t x) { return static_cast<float>(x); });
}
/// Clamped, NaN to 0; through double, which holds every bound.
LANES(f32ToS32Zero) {
  unary<int32_t, float>(d, a, [](float x) {
    double y = x == x ? static_cast<double>(x) : 0;
    y = y < -0x1p31 ? -0x1p31 : y > 0x1p31 - 1 ? 0x1p31 - 1 : y;
    return static_cast<int32_t>(y);
  });
}
LANES(f32ToU32Zero) {
  unary<uint32_t, float>(d, a, [](float x) {
    double y = x > 0 ? static_cast<double>(x) : 0;
    y = y > 0x1p32 - 1 ? 0x1p32 - 1 : y;
    return static_cast<uint32_t>(y);
  });
}
LANES(s32ToS64) {
  unary<int64_t, int32_t>(d, a, [](int32_t x) { return int64_t{x}; });
}
LANES(u32ToU64) {
  unary<uint64_t, uint32_t>(d, a, [](uint32_t x) { return uint64_t{x}; });
}
LANES(cut64To32) {
  unary<uint32_t, uint64_t>(
      d, a, [](uint64_t x) { return static_cast<uint32_t>(x); });
}

void movedLanes(void *d, const void *a, Approximation f, bool ftz) {
  uint64_t seed = approximationSeed;
  unary<float, float>(d, a,
                      [=](float x) { return approximateF32(f, x, ftz, seed); });
}

#define APPROXIMATE(name, function, f)                                         \
  LANES(name) {                                                                \
    if (approximationSeed != 0)                                                \
      return movedLanes(d, a, Approximation::f, false);                        \
    unary<float, float>(d, a, [](float x) { return function(x, false); });     \
  }                                                                            \
  LANES(name##Ftz) {                                                           \
    if (approximationSeed != 0)                                                \
      return movedLanes(d, a, Approximation::f, true);                         \
    unary<float, float>(d, a, [](float x) { return function(x, true); });      \
  }

APPROXIMATE(ex2, ex2F32, Ex2)
APPROXIMATE(lg2, lg2F32, Lg2)
APPROXIMATE(rcp, rcpF32, Rcp)
APPROXIMATE(rsqrt, rsqrtF32, Rsqrt)
APPROXIMATE(squareRoot, sqrtApproxF32, Sqrt)

using enum NumberType;

} // namespace

LanesFunction *halfLanes(HalfOperation operation, NumberType type, bool packed,
                         const HalfModifiers &m) {
#define ROW(suffix)                                                            \
  {                                                                            \
    {add##suffix, add##suffix##Packed}, {sub##suffix, sub##suffix##Packed},    \
        {mul##suffix, mul##suffix##Packed}, {                                  \
      fma##suffix, fma##suffix##Packed                                         \
    }                                                                          \
  }
  static LanesFunction *const f16[4][4][2] = {ROW(F16), ROW(F16Ftz),
                                              ROW(F16Sat), ROW(F16FtzSat)};
  static LanesFunction *const bf16[4][2] = ROW(Bf16);
#undef ROW
  auto op = static_cast<int>(operation);
  if (m.relu && (operation != HalfOperation::Fma || m.sat))
    return nullptr;
  if (type == F16) {
    if (m.relu && m.ftz)
      return packed ? fmaF16FtzReluPacked : fmaF16FtzRelu;
    if (m.relu)
      return packed ? fmaF16ReluPacked : fmaF16Relu;
    return f16[(m.ftz ? 1 : 0) + (m.sat ? 2 : 0)][op][packed];
  }
  if (type != Bf16 || m.ftz || m.sat)
    return nullptr;
  if (m.relu)
    return packed ? fmaBf16ReluPacked : fmaBf16Relu;
  return bf16[op][packed];
}

LanesFunction *convertLanes(const Conversion &c, bool packed) {
  struct Row {
    NumberType to, from;
    bool packed, satfinite;
    Rounding rounding; // matters only where the row is inexact
    bool exact;
    LanesFunction *function;
  };
  static const Row rows[] = {
      {F16, F32, false, false, Rounding::Nearest, false, f32ToF16},
      {Bf16, F32, false, false, Rounding::Nearest, false, f32ToBf16},
      {F16, F32, true, false, Rounding::Nearest, false, f32PairToF16x2},
      {Bf16, F32, true, false, Rounding::Nearest, false, f32PairToBf16x2},
      {F32, F16, false, false, Rounding::Nearest, true, f16ToF32},
      {F32, Bf16, false, false, Rounding::Nearest, true, bf16ToF32},
      {E4m3, F32, true, true, Rounding::Nearest, false, f32PairToE4m3x2},
      {E5m2, F32, true, true, Rounding::Nearest, false, f32PairToE5m2x2},
      {E2m1, F32, true, true, Rounding::Nearest, false, f32PairToE2m1x2},
      {F16, E4m3, true, false, Rounding::Nearest, true, e4m3x2ToF16x2},
      {F16, E5m2, true, false, Rounding::Nearest, true, e5m2x2ToF16x2},
      {F16, E2m1, true, false, Rounding::Nearest, true, e2m1x2ToF16x2},
      {F32, S32, false, false, Rounding::Nearest, false, s32ToF32},
      {F32, U32, false, false, Rounding::Nearest, false, u32ToF32},
      {S32, F32, false, false, Rounding::Zero, false, f32ToS32Zero},
      {U32, F32, false, false, Rounding::Zero, false, f32ToU32Zero},
      {S64, S32, false, false, Rounding::Nearest, true, s32ToS64},
      {U64, S32, false, false, Rounding::Nearest, true, s32ToS64},
      {U64, U32, false, false, Rounding::Nearest, true, u32ToU64},
      {S64, U32, false, false, Rounding::Nearest, true, u32ToU64},
      {U32, U64, false, false, Rounding::Nearest, true, cut64To32},
      {U32, S64, false, false, Rounding::Nearest, true, cut64To32},
      {S32, U64, false, false, Rounding::Nearest, true, cut64To32},
      {S32, S64, false, false, Rounding::Nearest, true, cut64To32},
  };
  if (c.ftz || c.sat || c.relu || c.integral)
    return nullptr;
  for (const Row &row : rows)
    if (row.to == c.to && row.from == c.from && row.packed == packed &&
        row.satfinite == c.satfinite &&
        (row.exact || row.rounding == c.rounding))
      return row.function;
  return nullptr;
}

LanesFunction *approximateLanes(Approximation f, bool ftz) {
  switch (f) {
  case Approximation::Ex2:
    return ftz ? ex2Ftz : ex2;
  case Approximation::Lg2:
    return ftz ? lg2Ftz : lg2;
  case Approximation::Rcp:
    return ftz ? rcpFtz : rcp;
  case Approximation::Rsqrt:
    return ftz ? rsqrtFtz : rsqrt;
  case Approximation::Sqrt:
    return ftz ? squareRootFtz : squareRoot;
  default:
    return nullptr;
  }
}

} // namespace sluice::sim
