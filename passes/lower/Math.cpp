#include "passes/lower/Math.h"

#include <numbers>

namespace mlir::sluice::lower {

/// c[0] + x*(c[1] + x*(c[2] + ..)), an fma a step.
static Val polynomial(Val x, ArrayRef<double> c) {
  Val sum = x.like(c.back());
  for (double coefficient : llvm::reverse(c.drop_back()))
    sum = fma(sum, x, x.like(coefficient));
  return sum;
}

Val exp(Val x) {
  // x = n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts, the upper with so few
  // bits that n times it is exact. The series of e^r ends at r^7 / 7! with an
  // error of 5e-9.
  Val low = lt(x, -87.3); // a NaN is not
  Val clamped =
      select(gt(x, 88.0), x.like(88.0), select(low, x.like(-87.3), x));
  Val n = roundEven(clamped * std::numbers::log2e);
  Val r = fma(n, n.like(-0.693359375), clamped);
  r = fma(n, n.like(2.12194440e-4), r);
  Val series = polynomial(
      r, {1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040});
  Val scale = bitsAsFloat((toInt(n, 32) + 127) << 23);
  return select(low, x.like(0), series * scale);
}

Val sigmoid(Val x) { return 1.0 / (exp(-x) + 1.0); }

Val softplus(Val x) {
  // max(x, 0) + log1p(y), y = e^-|x| in [0, 1]. With 1 + y = 2^a (1 + f) and
  // s = f / (2 + f), log(1 + f) = 2 (s + s^3/3 + ..); |s| <= 0.172.
  Val y = exp(-abs(x));
  Val big = gt(y, 0.41421356);
  Val f = select(big, (y - 1.0) * 0.5, y);
  Val s = f / (f + 2.0);
  Val s2 = s * s;
  Val tail = polynomial(s2, {2. / 3, 2. / 5, 2. / 7, 2. / 9});
  Val log = fma(s * s2, tail, s * 2.0);
  log = log + select(big, x.like(std::numbers::ln2), x.like(0));
  return max(x, 0) + log;
}

std::pair<Val, Val> sinCos(Val angle) {
  Val x = extendFloat(angle);
  // x = k pi/2 + r, |r| <= pi/4; pi/2 in two parts. Series in r^2 with errors
  // below 1e-11.
  Val k = roundEven(x * (2 / std::numbers::pi));
  Val r = fma(k, k.like(-1.5707963267948966), x);
  r = fma(k, k.like(-6.123233995736766e-17), r);
  Val r2 = r * r;
  Val sine = r * polynomial(r2, {1, -1. / 6, 1. / 120, -1. / 5040, 1. / 362880,
                                 -1. / 39916800});
  Val cosine = polynomial(r2, {1, -1. / 2, 1. / 24, -1. / 720, 1. / 40320,
                               -1. / 3628800, 1. / 479001600});
  Val quadrant = toInt(k, 32) & 3;
  Val swap = eq(quadrant & 1, 1);
  Val s = truncateFloat(select(swap, cosine, sine));
  Val c = truncateFloat(select(swap, sine, cosine));
  Val sineNegative = eq(quadrant & 2, 2);
  Val cosineNegative = eq((quadrant + 1) & 2, 2);
  return {select(sineNegative, -s, s), select(cosineNegative, -c, c)};
}

} // namespace mlir::sluice::lower
