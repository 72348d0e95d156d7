#include "dialects/attn/AttnDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::attn;
using plan::LogType;

#define GET_OP_CLASSES
#include "dialects/attn/AttnOps.cpp.inc"

static int64_t columns(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

/// A ring or paged log whose rows are one part of `width` numbers, of type
/// `element` if there is one.
static LogicalResult expectLog(Operation *op, StringRef name, LogType log,
                               bool ring, int64_t width, Type element = {}) {
  if (log.isRing() == ring && log.getShape() == ArrayRef<int64_t>{width} &&
      (!element || log.getElementType() == element))
    return success();
  InFlightDiagnostic diag = op->emitOpError("expected ")
                            << name << " to be a "
                            << (ring ? "ring" : "paged log") << " with rows of "
                            << width << " ";
  if (element)
    return diag << element << ", got " << log;
  return diag << "numbers, got " << log;
}

//===-- verifiers ---------------------------------------------------------===//

LogicalResult RopeOp::verify() {
  int64_t width = columns(getX()), heads = getHeads();
  if (width % heads != 0 || width / heads < getRope().getDims()) // C1
    return emitOpError("expected heads to divide the ")
           << width << " columns into heads of at least " << getRope().getDims()
           << " channels, got " << heads << " heads";
  if (getY().getType().getShape() != getX().getType().getShape()) // C2
    return emitOpError("expected a result of the shape of x, got ")
           << getY().getType();
  return success();
}

LogicalResult CommitOp::verify() {
  LogType log = getLog().getType();
  if (!log.isRing()) // C1
    return emitOpError("expected a ring, got ") << log;
  int64_t parts = log.getShape().size() == 1 ? 1 : log.getShape()[0];
  if (static_cast<int64_t>(getParts().size()) != parts) // C2
    return emitOpError("expected ") << parts << " parts, as the rows of " << log
                                    << " have, got " << getParts().size();
  for (Value part : getParts())
    if (columns(part) != log.getShape().back() ||
        getElementTypeOrSelf(part) != log.getElementType()) // C2
      return emitOpError("expected parts of ")
             << log.getShape().back() << " columns of " << log.getElementType()
             << ", got " << part.getType();
  return success();
}

Value CommitOp::getCommittedLog() { return getLog(); }

LogicalResult CompressOp::verify() {
  LogType into = getInto().getType(), tail = getTail().getType();
  int64_t m = into.getEvery(), d = into.getShape().back();
  int64_t width = getOverlap() ? 2 * d : d, keep = getOverlap() ? 2 * m : m;
  if (failed(expectLog(*this, "`into`", into, /*ring=*/false, d))) // C5
    return failure();
  if (columns(getC()) != width || columns(getZ()) != width) // C1
    return emitOpError("expected c and z of ")
           << width << " columns, got " << getC().getType() << " and "
           << getZ().getType();
  if (!tail.getElementType().isF32() || tail.getKeep() != keep ||
      tail.getShape() != ArrayRef<int64_t>{2, width}) // C2
    return emitOpError("expected a tail !plan.log<2x")
           << width << "xf32 keep " << keep << ">, got " << tail;
  if (getBias() && cast<RankedTensorType>(getBias().getType()).getShape() !=
                       ArrayRef<int64_t>{m, width}) // C3
    return emitOpError("expected a bias of ")
           << m << "x" << width << ", got " << getBias().getType();
  if (columns(getNorm()) != d || d < getRope().getDims()) // C4
    return emitOpError("expected a norm of ")
           << d << " channels and a rope of at most as many, got "
           << getNorm().getType() << " and " << getRope().getDims();
  if (getRounding() && !getRounding()->fits(d)) // C6
    return emitOpError("expected a rounding that fits ")
           << d << " channels, got " << *getRounding();
  if (getResult().getType() != into) // C5
    return emitOpError("expected a handle like `into`, got ")
           << getResult().getType();
  return success();
}

Value CompressOp::getWrittenLog(unsigned) { return getInto(); }

LogicalResult SelectOp::verify() {
  int64_t d = getKeys().getType().getShape().back(), heads = columns(getG());
  if (failed(expectLog(*this, "the keys", getKeys().getType(), /*ring=*/false,
                       d))) // C2
    return failure();
  if (columns(getQ()) != heads * d) // C1
    return emitOpError("expected q of ")
           << heads * d << " columns, " << heads << " heads of " << d
           << ", got " << getQ().getType();
  if (columns(getSel()) != static_cast<int64_t>(getTop())) // C3
    return emitOpError("expected a result of ")
           << getTop() << " columns, got " << getSel().getType();
  return success();
}

LogicalResult AttendOp::verify() {
  int64_t d = columns(getRows()), heads = getHeads();
  Type element = getElementTypeOrSelf(getRows());
  if (columns(getQ()) != heads * d ||
      getO().getType().getShape() != getQ().getType().getShape()) // C1
    return emitOpError("expected q and the result of ")
           << heads * d << " columns, " << heads << " heads of " << d
           << ", got " << getQ().getType() << " and " << getO().getType();
  if (failed(expectLog(*this, "the window", getWindow().getType(),
                       /*ring=*/true, d, element))) // C2
    return failure();
  if (getEntries() &&
      failed(expectLog(*this, "the entries", getEntries().getType(),
                       /*ring=*/false, d, element))) // C3
    return failure();
  if (getPicked() && !getEntries()) // C4
    return emitOpError("expected entries for `picked` to pick from");
  if (getSinks() && columns(getSinks()) != heads) // C5
    return emitOpError("expected one sink a head, ")
           << heads << ", got " << getSinks().getType();
  return success();
}
