#include "passes/lower/Norm.h"

namespace mlir::sluice::lower {

Val sumOfSquares(Stage &s, Val base, Val offset, int64_t count) {
  Type f32 = s.b.getF32Type();
  SmallVector<Val> sum = s.chunks(
      count, s.zeroLanes(), [&](Val c, int64_t valid, ArrayRef<Val> carried) {
        Val x = s.loadLanes(base, offset + c, f32, valid);
        return SmallVector<Val>{fma(x, x, carried[0])};
      });
  return sumLanes(sum[0]);
}

Val inverseRms(Val sum, int64_t count, double eps) {
  return 1.0 / sqrt(sum / count + eps);
}

} // namespace mlir::sluice::lower
