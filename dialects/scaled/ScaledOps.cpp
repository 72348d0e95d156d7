#include "dialects/scaled/ScaledDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::scaled;

#define GET_OP_CLASSES
#include "dialects/scaled/ScaledOps.cpp.inc"

LogicalResult LinearOp::verify() {
  ArrayRef<int64_t> w = weightShape(getW().getType());
  if (w.size() != 2)
    return emitOpError("expected a weight [outputs, inputs], got ")
           << getW().getType();
  int64_t groups = getGroups(), columns = getX().getType().getDimSize(1);
  if (columns != groups * w[1]) // C1
    return emitOpError("expected x of ")
           << groups * w[1] << " columns, " << groups << " groups of " << w[1]
           << ", got " << getX().getType();
  if (w[0] % groups != 0) // C2
    return emitOpError("expected groups to divide the ")
           << w[0] << " rows of the weight, got " << groups;
  if (getY().getType().getDimSize(0) != getX().getType().getDimSize(0) ||
      getY().getType().getDimSize(1) != w[0]) // C3
    return emitOpError("expected a result of the rows of x and ")
           << w[0] << " columns, got " << getY().getType();
  return success();
}

LogicalResult RoundOp::verify() {
  int64_t columns = getX().getType().getDimSize(1), heads = getHeads();
  if (columns % heads != 0) // C1
    return emitOpError("expected heads to divide the ")
           << columns << " columns of x, got " << heads;
  if (!getRounding().fits(columns / heads)) // C2
    return emitOpError("expected a rounding that fits heads of ")
           << columns / heads << " channels, got " << getRounding();
  if (getY().getType().getShape() != getX().getType().getShape()) // C3
    return emitOpError("expected a result of the shape of x, got ")
           << getY().getType();
  return success();
}

LogicalResult TakeOp::verify() {
  auto y = cast<RankedTensorType>(getY().getType());
  if (y.getRank() == 0 ||
      y.getShape().drop_front() !=
          weightShape(getTable().getType()).drop_front() ||
      y.getDimSize(0) != getIndex().getType().getDimSize(0)) // C1
    return emitOpError("expected a result like the table with one row an "
                       "index, got ")
           << y << " from " << getTable().getType();
  return success();
}

plan::ExprAttr TakeOp::inferRows(unsigned,
                                 function_ref<plan::ExprAttr(Value)> rowsOf) {
  return rowsOf(getIndex());
}
