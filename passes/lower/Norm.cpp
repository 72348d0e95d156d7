#include "passes/lower/Norm.h"

namespace mlir::sluice::lower {

Val sumOfSquares(Stage &s, Numbers x, Val offset, int64_t count) {
  SmallVector<Val> sum = s.chunks(
      count, s.zeroLanes(), [&](Val c, int64_t valid, ArrayRef<Val> carried) {
        Val lanes = s.loadLanes(x, offset + c, valid);
        return SmallVector<Val>{fma(lanes, lanes, carried[0])};
      });
  return s.sumLanes(sum[0]);
}

Val inverseRms(Val sum, int64_t count, double eps) {
  return 1.0 / sqrt(sum / count + eps);
}

} // namespace mlir::sluice::lower
