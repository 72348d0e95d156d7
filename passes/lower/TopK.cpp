#include "passes/lower/TopK.h"

namespace mlir::sluice::lower {

Val sortKey(Val x) {
  // -0.0 + 0.0 is +0.0: the zeros are equal.
  Val bits = bitsAsInt(x + 0.0);
  Val allOnes = bits.like(-1), top = bits.like(int64_t(-2147483648));
  Val key = select(lt(bits, 0), bits ^ allOnes, bits | top);
  return select(eq(x, x), key, key.like(0));
}

/// How many of the keys are at least `bound` (unsigned, > 0, so no padding is).
static Val countAtLeast(Stage &s, Val keys, Val count, Val bound) {
  Type i32 = s.b.getI32Type();
  Val zero = s.spread(s.i32(0));
  SmallVector<Val> sum = s.loop(
      s.i64(0), count, s.lanes(), zero, [&](Val i, ArrayRef<Val> carried) {
        Val key = s.loadVector(keys, i, i32, s.lanes(), s.lanes());
        Val below = ult(key, s.spread(bound));
        return SmallVector<Val>{carried[0] + select(below, zero, zero.like(1))};
      });
  return s.sumLanes(sum[0]);
}

void topK(Stage &s, Val keys, Val count, int64_t top,
          function_ref<void(Val, Val)> choose) {
  // The threshold is the largest value that `top` keys reach, found bit by bit
  // from the highest; it is the key of the last one chosen.
  SmallVector<Val> found = s.loop(
      s.i64(0), s.i64(32), 1, s.i32(0), [&](Val step, ArrayRef<Val> carried) {
        Val bit = s.i32(-2147483648) >> truncate(step, 32);
        Val candidate = carried[0] | bit;
        Val reached = countAtLeast(s, keys, count, candidate);
        return SmallVector<Val>{
            select(ge(reached, top), candidate, carried[0])};
      });
  Val threshold = found[0];
  // Strictly above it all are chosen; of the equal ones the first.
  Val above = select(eq(threshold, -1), s.i32(0),
                     countAtLeast(s, keys, count, threshold + 1));
  Val equals = s.i32(static_cast<int32_t>(top)) - above;
  s.sync();
  s.single([&] {
    s.loop(s.i64(0), count, 1, {s.i64(0), equals},
           [&](Val i, ArrayRef<Val> carried) {
             Val key = s.loadI32(keys, i);
             Val isEqual = eq(key, threshold) & gt(carried[1], 0);
             Val chosen = isEqual | ult(threshold, key);
             s.ifThen(chosen, [&] { choose(carried[0], i); });
             return SmallVector<Val>{carried[0] + extendUnsigned(chosen, 64),
                                     carried[1] - extendUnsigned(isEqual, 32)};
           });
  });
}

} // namespace mlir::sluice::lower
