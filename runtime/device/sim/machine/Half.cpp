#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/numerics/Lanes.h"
#include "runtime/device/sim/numerics/MinMax.h"

namespace sluice::sim {
namespace {

bool isBf16(const Binder &b) {
  return b.type() == Type::Bf16 || b.type() == Type::Bf16x2;
}
bool isPacked(const Binder &b) { return typeBits(b.type()) == 32; }

bool bindArithmetic(Binder &b, HalfOperation operation) {
  HalfModifiers modifiers{b.has("ftz"), b.has("sat"), b.has("relu")};
  return useLanes(b,
                  halfLanes(operation,
                            isBf16(b) ? NumberType::Bf16 : NumberType::F16,
                            isPacked(b), modifiers),
                  typeBits(b.type()));
}

// f16x2 and f16 alike: 32 or 64 values of 16 bits in a row.
template <int Count, typename F>
SLUICE_SIM_INLINE void halves(void *d, const void *a, const void *b, F f) {
  auto *to = static_cast<uint16_t *>(d);
  const auto *x = static_cast<const uint16_t *>(a);
  const auto *y = static_cast<const uint16_t *>(b);
  SLUICE_SIM_VECTORISE for (int i = 0; i < Count; ++i) to[i] = f(x[i], y[i]);
}

#define MIN_MAX(name, format, isMax)                                           \
  template <int Count>                                                         \
  SLUICE_SIM_INLINE void name##Of(void *d, const void *a, const void *b,       \
                                  uint32_t options) {                          \
    bool nan = (options & kNan) != 0;                                          \
    bool sign = (options & kXorSign) != 0;                                     \
    bool ftz = (options & kFtz) != 0;                                          \
    halves<Count>(d, a, b, [=](uint16_t x, uint16_t y) {                       \
      return minMax<format, isMax>(x, y, nan, sign, ftz);                      \
    });                                                                        \
  }                                                                            \
  SLUICE_SIM_LANES(name##Single) { name##Of<32>(d, a, b, options); }           \
  SLUICE_SIM_LANES(name##Packed) { name##Of<64>(d, a, b, options); }
MIN_MAX(minF16, kF16, false)
MIN_MAX(maxF16, kF16, true)
MIN_MAX(minBf16, kBf16, false)
MIN_MAX(maxBf16, kBf16, true)

template <int Count>
SLUICE_SIM_INLINE void signOf(void *d, const void *a, uint32_t options) {
  bool ftz = (options & kFtz) != 0; // f16 only
  bool negate = (options & kXorSign) != 0;
  halves<Count>(d, a, a, [=](uint16_t x, uint16_t) {
    uint16_t y = ftz ? flushedHalf<kF16>(x) : x;
    return static_cast<uint16_t>(negate ? y ^ 0x8000 : y & 0x7fff);
  });
}
SLUICE_SIM_LANES(signSingle) { signOf<32>(d, a, options); }
SLUICE_SIM_LANES(signPacked) { signOf<64>(d, a, options); }

#define APPROXIMATE(name, call, f)                                             \
  SLUICE_SIM_LANES(name##Single) {                                             \
    halves<32>(d, a, a, [](uint16_t x, uint16_t) {                             \
      return call(Approximation::f, x, approximationSeed);                     \
    });                                                                        \
  }                                                                            \
  SLUICE_SIM_LANES(name##Packed) {                                             \
    halves<64>(d, a, a, [](uint16_t x, uint16_t) {                             \
      return call(Approximation::f, x, approximationSeed);                     \
    });                                                                        \
  }
APPROXIMATE(tanhF16, approximateF16, Tanh)
APPROXIMATE(tanhBf16, approximateBf16, Tanh)
APPROXIMATE(ex2F16, approximateF16, Ex2)
APPROXIMATE(ex2Bf16, approximateBf16, Ex2)

bool choose(Binder &b, LanesOp *single, LanesOp *packed) {
  return useLanes(b, isPacked(b) ? packed : single, typeBits(b.type()),
                  floatOptions(b));
}

} // namespace

bool bindHalf2(Binder &b) {
  return bindArithmetic(b, b.name() == "add"   ? HalfOperation::Add
                           : b.name() == "sub" ? HalfOperation::Sub
                                               : HalfOperation::Mul);
}

bool bindHalf3(Binder &b) { return bindArithmetic(b, HalfOperation::Fma); }

bool bindHalfSign(Binder &b) {
  return useLanes(b, isPacked(b) ? signPacked : signSingle, typeBits(b.type()),
                  (b.has("ftz") ? kFtz : 0) |
                      (b.name() == "neg" ? kXorSign : 0));
}

bool bindHalfMinMax(Binder &b) {
  if (b.has("xorsign") != b.has("abs"))
    return b.fail("expected .xorsign.abs together");
  if (b.name() == "min")
    return isBf16(b) ? choose(b, minBf16Single, minBf16Packed)
                     : choose(b, minF16Single, minF16Packed);
  return isBf16(b) ? choose(b, maxBf16Single, maxBf16Packed)
                   : choose(b, maxF16Single, maxF16Packed);
}

bool bindHalfApproximate(Binder &b) {
  if (b.name() == "tanh")
    return isBf16(b) ? choose(b, tanhBf16Single, tanhBf16Packed)
                     : choose(b, tanhF16Single, tanhF16Packed);
  return isBf16(b) ? choose(b, ex2Bf16Single, ex2Bf16Packed)
                   : choose(b, ex2F16Single, ex2F16Packed);
}

} // namespace sluice::sim
