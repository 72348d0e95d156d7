#include "passes/lower/Val.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::sluice::lower {

static bool isFloat(Val x) { return isa<FloatType>(getElementTypeOrSelf(x.v)); }

/// `type` with another element type, the same lanes.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

/// A constant of `type`: `scalar` itself, or in every lane.
static Val constant(ImplicitLocOpBuilder &b, Type type, TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(type))
    scalar = DenseElementsAttr::get(vector, scalar);
  return Val(b, arith::ConstantOp::create(b, scalar));
}

Val Val::likeFloat(double number) const {
  Type element = getElementTypeOrSelf(type());
  assert(isa<FloatType>(element) && "a fraction beside an integer");
  return constant(*b, type(), FloatAttr::get(element, number));
}

Val Val::likeInteger(int64_t number) const {
  Type element = getElementTypeOrSelf(type());
  if (isa<FloatType>(element))
    return likeFloat(static_cast<double>(number));
  return constant(*b, type(), IntegerAttr::get(element, number));
}

/// Spreads the scalar one of two operands over the other's lanes.
static void unify(Val &x, Val &y) {
  auto vx = dyn_cast<VectorType>(x.type()), vy = dyn_cast<VectorType>(y.type());
  if (vx && !vy)
    y = spread(y, vx.getDimSize(0));
  if (vy && !vx)
    x = spread(x, vy.getDimSize(0));
}

template <typename IntOp, typename FloatOp> static Val binary(Val x, Val y) {
  unify(x, y);
  if (isFloat(x))
    return Val(*x.b, FloatOp::create(*x.b, x.v, y.v));
  return Val(*x.b, IntOp::create(*x.b, x.v, y.v));
}
template <typename IntOp> static Val integer(Val x, Val y) {
  unify(x, y);
  return Val(*x.b, IntOp::create(*x.b, x.v, y.v));
}

Val operator+(Val x, Val y) {
  return binary<arith::AddIOp, arith::AddFOp>(x, y);
}
Val operator-(Val x, Val y) {
  return binary<arith::SubIOp, arith::SubFOp>(x, y);
}
Val operator*(Val x, Val y) {
  return binary<arith::MulIOp, arith::MulFOp>(x, y);
}
Val operator/(Val x, Val y) {
  return binary<arith::DivUIOp, arith::DivFOp>(x, y);
}
Val operator%(Val x, Val y) { return integer<arith::RemUIOp>(x, y); }
Val operator&(Val x, Val y) { return integer<arith::AndIOp>(x, y); }
Val operator|(Val x, Val y) { return integer<arith::OrIOp>(x, y); }
Val operator^(Val x, Val y) { return integer<arith::XOrIOp>(x, y); }
Val operator<<(Val x, Val y) { return integer<arith::ShLIOp>(x, y); }
Val operator>>(Val x, Val y) { return integer<arith::ShRUIOp>(x, y); }
Val operator-(Val x) { return Val(*x.b, arith::NegFOp::create(*x.b, x.v)); }

static Val compare(arith::CmpIPredicate i, arith::CmpFPredicate f, Val x,
                   Val y) {
  unify(x, y);
  if (isFloat(x))
    return Val(*x.b, arith::CmpFOp::create(*x.b, f, x.v, y.v));
  return Val(*x.b, arith::CmpIOp::create(*x.b, i, x.v, y.v));
}

Val lt(Val x, Val y) {
  return compare(arith::CmpIPredicate::slt, arith::CmpFPredicate::OLT, x, y);
}
Val le(Val x, Val y) {
  return compare(arith::CmpIPredicate::sle, arith::CmpFPredicate::OLE, x, y);
}
Val eq(Val x, Val y) {
  return compare(arith::CmpIPredicate::eq, arith::CmpFPredicate::OEQ, x, y);
}
Val ne(Val x, Val y) {
  return compare(arith::CmpIPredicate::ne, arith::CmpFPredicate::UNE, x, y);
}
Val ult(Val x, Val y) {
  return compare(arith::CmpIPredicate::ult, arith::CmpFPredicate::OLT, x, y);
}

Val select(Val condition, Val x, Val y) {
  unify(x, y);
  return Val(*x.b, arith::SelectOp::create(*x.b, condition.v, x.v, y.v));
}
Val min(Val x, Val y) { return select(lt(x, y), x, y); }
Val max(Val x, Val y) { return select(gt(x, y), x, y); }

Val fma(Val x, Val y, Val z) {
  unify(x, y);
  unify(x, z);
  unify(y, z);
  return Val(*x.b, math::FmaOp::create(*x.b, x.v, y.v, z.v));
}
Val sqrt(Val x) { return Val(*x.b, math::SqrtOp::create(*x.b, x.v)); }
Val roundEven(Val x) { return Val(*x.b, math::RoundEvenOp::create(*x.b, x.v)); }
Val abs(Val x) { return Val(*x.b, math::AbsFOp::create(*x.b, x.v)); }

template <typename Op> static Val convert(Val x, Type element) {
  return Val(*x.b, Op::create(*x.b, withElement(x.type(), element), x.v));
}
Val extendUnsigned(Val x, unsigned bits) {
  return convert<arith::ExtUIOp>(x, x.b->getIntegerType(bits));
}
Val extendSigned(Val x, unsigned bits) {
  return convert<arith::ExtSIOp>(x, x.b->getIntegerType(bits));
}
Val truncate(Val x, unsigned bits) {
  return convert<arith::TruncIOp>(x, x.b->getIntegerType(bits));
}
Val extendFloat(Val x) { return convert<arith::ExtFOp>(x, x.b->getF64Type()); }
Val truncateFloat(Val x) {
  return convert<arith::TruncFOp>(x, x.b->getF32Type());
}
Val toFloat(Val x, Type f) { return convert<arith::SIToFPOp>(x, f); }
Val toInt(Val x, unsigned bits) {
  return convert<arith::FPToSIOp>(x, x.b->getIntegerType(bits));
}
Val halfToFloat(Val x) {
  return convert<arith::ExtFOp>(convert<arith::BitcastOp>(x, x.b->getF16Type()),
                                x.b->getF32Type());
}
Val bitsAsFloat(Val x) {
  return convert<arith::BitcastOp>(x, x.b->getF32Type());
}
Val bitsAsInt(Val x) { return convert<arith::BitcastOp>(x, x.b->getI32Type()); }

Val spread(Val x, int64_t lanes) {
  return Val(*x.b, vector::BroadcastOp::create(
                       *x.b, VectorType::get({lanes}, x.type()), x.v));
}

Val bfloatBits(Val x) {
  Val bits = bitsAsInt(x);
  // Half of a unit, less one where the unit's last bit is 0: a tie goes to
  // even. A NaN stays one: quieted, as the carry could make it an infinity.
  Val rounded = bits + ((bits >> 16 & 1) + 0x7fff);
  return select(eq(x, x), rounded, bits | 0x400000);
}

Val roundBfloat(Val x) { return bitsAsFloat(bfloatBits(x) & -0x10000); }

Val lane(Val vector, int64_t index) {
  return Val(*vector.b, vector::ExtractOp::create(*vector.b, vector.v, index));
}

Val shuffle(Val x, ArrayRef<int64_t> indices) {
  return Val(*x.b, vector::ShuffleOp::create(*x.b, x.v, x.v, indices));
}

Val interleave(Val x, Val y) {
  return Val(*x.b, vector::InterleaveOp::create(*x.b, x.v, y.v));
}

/// Halves the lanes with `combine` until one is left.
template <typename Combine> static Val halve(Val x, Combine combine) {
  int64_t lanes = cast<VectorType>(x.type()).getDimSize(0);
  while (lanes > 1) {
    lanes /= 2;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes; ++i) {
      low.push_back(i);
      high.push_back(lanes + i);
    }
    x = combine(shuffle(x, low), shuffle(x, high));
  }
  return lane(x, 0);
}

Val sumOf(Val x) {
  return halve(x, [](Val low, Val high) { return low + high; });
}
Val maxOf(Val x) {
  return halve(x, [](Val low, Val high) { return max(low, high); });
}

} // namespace mlir::sluice::lower
