#include "dialects/moe/MoeDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::moe;
using plan::ExprAttr;
using plan::ExprOp;

#define GET_OP_CLASSES
#include "dialects/moe/MoeOps.cpp.inc"

static ArrayRef<int64_t> shape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

LogicalResult RouteOp::verify() {
  int64_t experts = shape(getLogits())[1], k = getTopK();
  if (k > experts) // C1
    return emitOpError("top_k = ")
           << k << " exceeds the " << experts << " routed experts";
  if (getBias() && shape(getBias())[0] != experts) { // C2
    InFlightDiagnostic diag = emitOpError("expected bias of ")
                              << experts << " entries, one per expert, got "
                              << getBias().getType();
    diag.attachNote(getLogits().getLoc())
        << "experts are dim 1 of these logits";
    return diag;
  }
  if (bool(getTable()) != bool(getIds()) || (getTable() && getBias())) // C3
    return emitOpError("expected a table with ids, or a bias, or neither");
  if (getTable() && shape(getTable())[1] != k) // C3
    return emitOpError("expected a table of ")
           << k << " columns, got " << getTable().getType();
  if (shape(getWeights())[1] != k || shape(getExperts())[1] != k) // C4
    return emitOpError("expected results of ")
           << k << " columns, got " << getWeights().getType() << " and "
           << getExperts().getType();
  return success();
}

LogicalResult GroupOp::verify() {
  if (shape(getOffsets())[0] != static_cast<int64_t>(getCount()) + 1 ||
      getPlace().getType() != getExperts().getType()) // C1
    return emitOpError("expected offsets of ")
           << getCount() + 1 << " entries and place like the experts, got "
           << getOffsets().getType() << " and " << getPlace().getType();
  return success();
}

ExprAttr GroupOp::inferRows(unsigned index,
                            function_ref<ExprAttr(Value)> rowsOf) {
  if (index == 1)
    return ExprAttr::constant(getContext(), getCount() + 1);
  ExprAttr rows = rowsOf(getExperts());
  if (index == 2 || !rows)
    return rows;
  int64_t k = shape(getExperts())[1];
  return ExprAttr::binary(ExprOp::Mul, rows,
                          ExprAttr::constant(getContext(), k));
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> w = scaled::weightShape(getW().getType());
  if (w.size() != 3 || shape(getX())[1] != w[2] ||
      shape(getOffsets())[0] != w[0] + 1) // C1
    return emitOpError("expected x [.., C], a weight [E, O, C] and offsets "
                       "[E + 1], got ")
           << getX().getType() << ", " << getW().getType() << " and "
           << getOffsets().getType();
  if (shape(getY())[1] != w[1]) // C2
    return emitOpError("expected a result of ")
           << w[1] << " columns, got " << getY().getType();
  return success();
}

ExprAttr MatmulOp::inferRows(unsigned, function_ref<ExprAttr(Value)> rowsOf) {
  return rowsOf(getRow() ? Value(getRow()) : Value(getX()));
}

LogicalResult GluOp::verify() {
  if (shape(getUp()) != shape(getGate()) ||
      shape(getY()) != shape(getGate())) // C1
    return emitOpError("expected gate, up and result of one shape, got ")
           << getGate().getType() << ", " << getUp().getType() << " and "
           << getY().getType();
  if (bool(getTimes()) != bool(getRow())) // C2
    return emitOpError("expected times with row, or neither");
  return success();
}

LogicalResult CombineOp::verify() {
  if (getWeights() && shape(getWeights()) != shape(getPlace())) // C1
    return emitOpError("expected weights like place, got ")
           << getWeights().getType() << " and " << getPlace().getType();
  if (shape(getOut())[1] != shape(getY())[1] ||
      (getPlus() && shape(getPlus()) != shape(getOut()))) { // C1
    InFlightDiagnostic diag = emitOpError("expected a result of ")
                              << shape(getY())[1] << " columns";
    if (getPlus())
      diag << ", like " << getPlus().getType();
    return diag << ", got " << getOut().getType();
  }
  return success();
}

ExprAttr CombineOp::inferRows(unsigned, function_ref<ExprAttr(Value)> rowsOf) {
  return rowsOf(getPlace());
}

void RouteOp::getAsmResultNames(OpAsmSetValueNameFn name) {
  name(getWeights(), "w");
  name(getExperts(), "e");
}

void GroupOp::getAsmResultNames(OpAsmSetValueNameFn name) {
  name(getRow(), "row");
  name(getOffsets(), "offsets");
  name(getPlace(), "place");
}
