#pragma once

#include "passes/lower/Val.h"

namespace mlir::sluice::lower {

/// Elements of a vector register in our orders of summation, on every ISA.
inline constexpr int64_t kLanes = 16;

/// Activations in memory, f32 or bf16: read as f32, rounded where they are
/// stored.
struct Numbers {
  Val base; // of element 0
  Type element;
};

/// Memory, loops and conditions for a lowering. All integers that count or
/// address are i64; addresses are !llvm.ptr.
class Emit {
public:
  Emit(OpBuilder &builder, Location loc) : b(loc, builder) {}

  Val i64(int64_t number);
  Val i32(int32_t number);
  Val f32(float number);
  Val null();

  /// The address of element `index` (i64) of an array of `element` at `base`.
  Val at(Val base, Val index, Type element);
  Val atBytes(Val base, Val bytes) { return at(base, bytes, b.getI8Type()); }

  Val load(Val address, Type type);
  Val load(Val base, Val index, Type element) {
    return load(at(base, index, element), element);
  }
  void store(Val value, Val address);
  void store(Val value, Val base, Val index) {
    store(value, at(base, index, value.type()));
  }
  Val loadI32(Val base, Val index) { return load(base, index, b.getI32Type()); }
  Val loadF32(Val base, Val index) { return load(base, index, b.getF32Type()); }
  /// An i32 that counts or indexes, as i64.
  Val loadIndex(Val base, Val index) {
    return extendSigned(loadI32(base, index), 64);
  }

  /// `lanes` elements from base[index] on, of which the first `valid` are
  /// there; the others are not touched and read as zero.
  Val loadVector(Val base, Val index, Type element, int64_t lanes,
                 int64_t valid);
  void storeVector(Val vector, Val base, Val index, int64_t valid);

  /// 16 numbers from base[index] on as f32; `element` is f32 or bf16.
  Val loadLanes(Val base, Val index, Type element, int64_t valid = kLanes);
  void storeLanes(Val lanes, Val base, Val index, int64_t valid = kLanes) {
    storeVector(lanes, base, index, valid);
  }
  /// base[index] as f32; `element` is f32 or bf16.
  Val loadNumber(Val base, Val index, Type element);

  Numbers at(Numbers x, Val index) {
    return {at(x.base, index, x.element), x.element};
  }
  Val loadLanes(Numbers x, Val index, int64_t valid = kLanes) {
    return loadLanes(x.base, index, x.element, valid);
  }
  Val loadNumber(Numbers x, Val index) {
    return loadNumber(x.base, index, x.element);
  }
  /// `lanes` (any number of them, f32), the first `valid`, to x[index] on.
  void storeLanes(Val lanes, Numbers x, Val index, int64_t valid = kLanes) {
    storeVector(encode(lanes, x.element), x.base, index, valid);
  }
  void storeNumber(Val number, Numbers x, Val index) {
    store(encode(number, x.element), x.base, index);
  }

  /// for (i = low; i < high; i += step) values = body(i, values)
  SmallVector<Val>
  loop(Val low, Val high, int64_t step, ArrayRef<Val> init,
       function_ref<SmallVector<Val>(Val, ArrayRef<Val>)> body);
  void loop(Val low, Val high, int64_t step, function_ref<void(Val)> body);
  /// while (condition(values)) values = body(values)
  void ifThen(Val condition, function_ref<void()> body);
  void ifElse(Val condition, function_ref<void()> then,
              function_ref<void()> otherwise);

  /// body(offset, valid) over 0..count-1 in steps of 16 lanes; the last call
  /// has the rest.
  void chunks(int64_t count, function_ref<void(Val, int64_t)> body);
  /// The same, carrying values.
  SmallVector<Val>
  chunks(int64_t count, ArrayRef<Val> init,
         function_ref<SmallVector<Val>(Val, int64_t, ArrayRef<Val>)> body);

  /// f32 as it lies in memory: rounded to bf16, to nearest even, where
  /// `element` is.
  Val encode(Val x, Type element);

  Val zeroLanes() { return spread(f32(0), kLanes); }

  ImplicitLocOpBuilder b;
};

} // namespace mlir::sluice::lower
