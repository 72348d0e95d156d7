#include "dialects/hc/HcDialect.h"

using namespace mlir;
using namespace mlir::sluice::hc;

#define GET_OP_CLASSES
#include "dialects/hc/HcOps.cpp.inc"

/// Checks that `value`, named `name` in the message, has exactly this shape.
static LogicalResult expectShape(Operation *op, StringRef name, Value value,
                                 ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return success();
  return op->emitOpError("expected ")
         << name << " of shape "
         << RankedTensorType::get(shape, type.getElementType()) << ", got "
         << type;
}

LogicalResult ExpandOp::verify() {
  RankedTensorType x = getX().getType(), streams = getStreams().getType();
  if (streams.getDimSize(0) != x.getDimSize(0) ||
      streams.getDimSize(2) != x.getDimSize(1) || streams.isDynamicDim(1)) // C1
    return emitOpError("expected streams [rows, n, channels] of ")
           << x << ", got " << streams;
  return success();
}

LogicalResult PreOp::verify() {
  ArrayRef<int64_t> X = getStreams().getType().getShape();
  int64_t t = X[0], n = X[1], h = X[2];
  if (failed(expectShape(*this, "fn", getFn(), {(2 + n) * n, n * h})) || // C1
      failed(expectShape(*this, "base", getBase(), {(2 + n) * n})) ||
      failed(expectShape(*this, "mul", getMul(), {3})))
    return failure();
  return success(succeeded(expectShape(*this, "x", getX(), {t, h})) && // C2
                 succeeded(expectShape(*this, "post", getPost(), {t, n})) &&
                 succeeded(expectShape(*this, "comb", getComb(), {t, n, n})));
}

LogicalResult PostOp::verify() {
  ArrayRef<int64_t> X = getStreams().getType().getShape();
  int64_t t = X[0], n = X[1], h = X[2];
  return success(succeeded(expectShape(*this, "y", getY(), {t, h})) && // C1
                 succeeded(expectShape(*this, "post", getPost(), {t, n})) &&
                 succeeded(expectShape(*this, "comb", getComb(), {t, n, n})) &&
                 succeeded(expectShape(*this, "the result", getResult(), X)));
}

LogicalResult HeadOp::verify() {
  ArrayRef<int64_t> X = getStreams().getType().getShape();
  int64_t t = X[0], n = X[1], h = X[2];
  if (failed(expectShape(*this, "fn", getFn(), {n, n * h})) || // C1
      failed(expectShape(*this, "base", getBase(), {n})) ||
      failed(expectShape(*this, "mul", getMul(), {1})))
    return failure();
  return expectShape(*this, "x", getX(), {t, h}); // C2
}

LogicalResult NormOp::verify() {
  int64_t columns = getX().getType().getDimSize(1), heads = getHeads();
  if (columns % heads != 0) // C1
    return emitOpError("expected heads to divide the ")
           << columns << " columns of x, got " << heads;
  if (getW() &&
      failed(expectShape(*this, "weight", getW(), {columns / heads}))) // C2
    return failure();
  return expectShape(*this, "the result", getY(),
                     getX().getType().getShape()); // C3
}

void PreOp::getAsmResultNames(OpAsmSetValueNameFn name) {
  name(getX(), "x");
  name(getPost(), "post");
  name(getComb(), "comb");
}
