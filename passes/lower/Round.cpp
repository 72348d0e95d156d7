#include "passes/lower/Round.h"

#include <cmath>

namespace mlir::sluice::lower {

namespace {
/// A format of few bits, as rounding to it needs it.
struct Format {
  float smallestAmax; // a group counts as if it had at least this
  float largest;
  int64_t mantissaBits;
  int64_t smallestExponent; // of a normal number
};
} // namespace

static Format formatOf(Type element) {
  if (isa<Float8E4M3FNType>(element))
    return {1e-4f, 448, 3, -6};
  return {6 * 0x1p-126f, 6, 1, 0}; // E2M1
}

/// |x| <= largest to nearest even. Adding 1.5 * 2^23 units of the last place
/// and taking them away again rounds at that place.
static Val roundElement(Val x, const Format &format) {
  Val exponent = bitsAsInt(x) & 0x7f800000;
  Val floor = exponent.like((format.smallestExponent + 127) << 23);
  exponent = select(lt(exponent, floor), floor, exponent);
  Val magic = bitsAsFloat(
      exponent + ((23 - format.mantissaBits) << 23 | int64_t(0x400000)));
  return (x + magic) - magic;
}

/// 2^ceil(log2(amax / largest)), by the bits of the f32 product.
static Val scaleOf(Val amax, const Format &format) {
  Val product = max(amax, format.smallestAmax) * double(1.0f / format.largest);
  return bitsAsFloat((bitsAsInt(product) + 0x7fffff) & 0x7f800000);
}

/// Two times k numbers become sums and differences, distances 1, 2, 4 .. d/2.
static void hadamard(Stage &s, Numbers x, int64_t d) {
  for (int64_t step = 1; step < std::min(d, s.lanes()); step *= 2) {
    SmallVector<float> sign;
    for (int64_t i = 0; i < s.lanes(); ++i)
      sign.push_back(i & step ? -1.0f : 1.0f);
    Val signs = s.constantLanes(sign);
    s.chunks(d, [&](Val c, int64_t valid) {
      Val lanes = s.loadLanes(x, c, valid);
      s.storeLanes(fma(lanes, signs, s.swapLanes(lanes, step)), x, c, valid);
    });
  }
  for (int64_t step = s.lanes(); step < d; step *= 2)
    s.loop(s.i64(0), s.i64(d), 2 * step, [&](Val low) {
      s.loop(low, low + step, s.lanes(), [&](Val at) {
        Val a = s.loadLanes(x, at), b = s.loadLanes(x, at + step);
        s.storeLanes(a + b, x, at);
        s.storeLanes(a - b, x, at + step);
      });
    });
  Val factor = s.f32(float(1 / std::sqrt(double(d))));
  s.chunks(d, [&](Val c, int64_t valid) {
    Val lanes = s.loadLanes(x, c, valid) * s.spread(factor);
    s.storeLanes(roundBfloat(lanes), x, c, valid);
  });
}

/// x[low .. low+count-1], one group.
static void roundGroup(Stage &s, const Format &format, Numbers x, Val low,
                       int64_t count, Numbers target, Val to) {
  SmallVector<Val> largest = s.chunks(
      count, s.zeroLanes(), [&](Val c, int64_t valid, ArrayRef<Val> carried) {
        Val lanes = abs(s.loadLanes(x, low + c, valid));
        return SmallVector<Val>{max(lanes, carried[0])};
      });
  Val scale = scaleOf(s.maxLanes(largest[0]), format);
  Val inverse = 1.0 / scale;
  s.chunks(count, [&](Val c, int64_t valid) {
    Val v = s.loadLanes(x, low + c, valid) * s.spread(inverse);
    double most = format.largest; // so that a NaN stays one
    v = select(gt(v, most), v.like(most), v);
    v = select(lt(v, -most), v.like(-most), v);
    s.storeLanes(roundElement(v, format) * s.spread(scale), target,
                 to + low + c, valid);
  });
}

void round(Stage &s, scaled::RoundingAttr rounding, Numbers x, int64_t d,
           Numbers target, Val to) {
  s.chunks(d, [&](Val c, int64_t valid) {
    s.storeLanes(roundBfloat(s.loadLanes(x, c, valid)), x, c, valid);
  });
  if (rounding.getHadamard())
    hadamard(s, x, d);
  s.sync(); // a group may begin at any lane
  Format format = formatOf(rounding.getElementType());
  int64_t channels = rounding.getChannels() ? rounding.getChannels() : d;
  int64_t group = rounding.getGroup(), whole = channels / group * group;
  s.loop(s.i64(0), s.i64(whole), group,
         [&](Val low) { roundGroup(s, format, x, low, group, target, to); });
  if (whole < channels)
    roundGroup(s, format, x, s.i64(whole), channels - whole, target, to);
  s.chunks(d - channels, [&](Val c, int64_t valid) {
    s.storeLanes(s.loadLanes(x, c + channels, valid), target, to + c + channels,
                 valid);
  });
}

} // namespace mlir::sluice::lower
