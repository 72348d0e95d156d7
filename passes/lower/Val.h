#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <type_traits>

namespace mlir::sluice::lower {

/// A value that computes: operators make the integer or floating op that fits
/// the type, a scalar beside a vector is spread over its lanes, a C++ number
/// becomes a constant of the other side's type. So a lowering reads like the
/// formula of its op. Integer division and remainder are unsigned; comparisons
/// are signed, of floats ordered.
struct Val {
  Val() = default;
  Val(ImplicitLocOpBuilder &b, Value v) : b(&b), v(v) {}

  operator Value() const { return v; }
  explicit operator bool() const { return v != nullptr; }
  Type type() const { return v.getType(); }
  /// The constant `number` of this value's type.
  template <typename T>
    requires std::is_arithmetic_v<T>
  Val like(T number) const {
    if constexpr (std::is_floating_point_v<T>)
      return likeFloat(number);
    else
      return likeInteger(static_cast<int64_t>(number));
  }

  ImplicitLocOpBuilder *b = nullptr;
  Value v;

private:
  Val likeFloat(double number) const;
  Val likeInteger(int64_t number) const;
};

Val operator+(Val x, Val y);
Val operator-(Val x, Val y);
Val operator*(Val x, Val y);
Val operator/(Val x, Val y);
Val operator%(Val x, Val y);
Val operator&(Val x, Val y);
Val operator|(Val x, Val y);
Val operator^(Val x, Val y);
Val operator<<(Val x, Val y);
/// Logical shift: zeros come in from the left.
Val operator>>(Val x, Val y);
Val operator-(Val x);

template <typename T>
concept Number = std::is_arithmetic_v<T>;

#define SLUICE_WITH_NUMBER(op)                                                 \
  template <Number T> Val operator op(Val x, T y) { return x op x.like(y); }   \
  template <Number T> Val operator op(T x, Val y) { return y.like(x) op y; }
SLUICE_WITH_NUMBER(+)
SLUICE_WITH_NUMBER(-)
SLUICE_WITH_NUMBER(*)
SLUICE_WITH_NUMBER(/)
SLUICE_WITH_NUMBER(%)
SLUICE_WITH_NUMBER(&)
SLUICE_WITH_NUMBER(|)
SLUICE_WITH_NUMBER(<<)
SLUICE_WITH_NUMBER(>>)
#undef SLUICE_WITH_NUMBER

Val lt(Val x, Val y);
Val le(Val x, Val y);
Val eq(Val x, Val y);
Val ne(Val x, Val y);  // of floats: also where one is NaN
Val ult(Val x, Val y); // integers, unsigned
inline Val gt(Val x, Val y) { return lt(y, x); }
inline Val ge(Val x, Val y) { return le(y, x); }
template <Number T> Val lt(Val x, T y) { return lt(x, x.like(y)); }
template <Number T> Val le(Val x, T y) { return le(x, x.like(y)); }
template <Number T> Val eq(Val x, T y) { return eq(x, x.like(y)); }
template <Number T> Val gt(Val x, T y) { return gt(x, x.like(y)); }
template <Number T> Val ge(Val x, T y) { return ge(x, x.like(y)); }

Val select(Val condition, Val x, Val y);
/// x where x < y, else y; so y when x is NaN, NaN when y is.
Val min(Val x, Val y);
Val max(Val x, Val y);
template <Number T> Val min(Val x, T y) { return min(x, x.like(y)); }
template <Number T> Val max(Val x, T y) { return max(x, x.like(y)); }

/// x * y + z, rounded once.
Val fma(Val x, Val y, Val z);
Val sqrt(Val x);
Val roundEven(Val x);
Val abs(Val x);

/// Integers and floats of another width or kind, lane by lane.
Val extendUnsigned(Val x, unsigned bits);
Val extendSigned(Val x, unsigned bits);
Val truncate(Val x, unsigned bits);
Val extendFloat(Val x);          // f32 -> f64
Val truncateFloat(Val x);        // f64 -> f32
Val toFloat(Val x, Type f);      // signed integer -> f
Val toInt(Val x, unsigned bits); // float -> signed integer, toward zero
Val halfToFloat(Val x);          // the bits of an f16, as i16 -> f32
Val bitsAsFloat(Val x);          // i32 -> f32
Val bitsAsInt(Val x);            // f32 -> i32
/// The bits of x, f32, rounded to bf16 (to nearest even) in their upper half,
/// with anything in the lower.
Val bfloatBits(Val x);
/// x rounded to bf16, as f32.
Val roundBfloat(Val x);

/// The scalar `x` in each of `count` elements.
Val spread(Val x, int64_t count);
Val lane(Val vector, int64_t index);
/// Lanes `indices` of x.
Val shuffle(Val x, ArrayRef<int64_t> indices);
/// Lanes of x and y taken in turn.
Val interleave(Val x, Val y);
/// The sum of a vector's elements, a power of two: the upper half is added to
/// the lower until one is left.
Val sumOf(Val x);
/// The largest of them.
Val maxOf(Val x);

} // namespace mlir::sluice::lower
