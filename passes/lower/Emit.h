#pragma once

#include "passes/lower/Target.h"
#include "passes/lower/Val.h"

#include <utility>

namespace mlir::sluice::lower {

/// Activations in memory, f32 or bf16: read as f32, rounded where they are
/// stored.
struct Numbers {
  Val base; // of element 0
  Type element;
};

/// Memory, loops and conditions for a lowering. All integers that count or
/// address are i64; addresses are !llvm.ptr.
///
/// *Lanes* are the elements of one vector in our orders of summation. On a CPU
/// they are a vector. On a GPU a warp shares them: thread i holds elements
/// i * perThread and on, and all else, scalars and small vectors, is the same
/// in each thread. Scalars are stored once.
class Emit {
public:
  Emit(OpBuilder &builder, Location loc, const Target &target);

  const Target &getTarget() const { return target; }
  /// Elements of a vector.
  int64_t lanes() const { return target.lanes; }
  /// An address of memory that kernels share.
  Type pointer();
  /// The first of `index` and on that this thread has of a vector.
  Val own(Val index);
  /// One thread alone runs `body`, which knows scalars only.
  void single(function_ref<void()> body);
  /// Those threads for which `condition` holds run `body`, each for itself.
  void each(Val condition, function_ref<void()> body);
  /// What any lane has stored before, all lanes load after it. A GPU needs it
  /// where one lane reads what another one stored, and before what one still
  /// reads is overwritten.
  void sync();

  // What only a GPU has.
  /// This thread's number in its warp, i64.
  Val threadOfWarp() { return extendUnsigned(thread, 64); }
  /// All warps of the block meet; each has then seen what the others stored.
  void syncBlock();
  /// Four f32, this thread's own, to and from an address of its own.
  void storeOwn(Val quad, Val base, Val index);
  Val loadQuad(Val base, Val index);
  /// Starts a copy of four f32 from memory to the block's; both addresses are
  /// this thread's own and multiples of 16.
  void copyQuad(Val to, Val from);
  /// Waits for the copies that this thread has started.
  void awaitCopies();

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

  /// base[index] and base[index + 1], for a GPU in one request.
  std::pair<Val, Val> loadIndexPair(Val base, Val index);

  /// `lanes` elements from base[index] on, of which the first `valid` are
  /// there; the others are not touched and read as zero.
  Val loadVector(Val base, Val index, Type element, int64_t lanes,
                 int64_t valid);
  /// Of a vector with any number of elements for each lane.
  void storeVector(Val vector, Val base, Val index, int64_t valid);
  /// `count` elements, few, the same for every thread.
  Val loadSmall(Val base, Val index, Type element, int64_t count);
  void storeSmall(Val vector, Val base, Val index);

  /// Numbers from base[index] on as f32; `element` is f32 or bf16.
  Val loadLanes(Val base, Val index, Type element, int64_t valid);
  Val loadLanes(Val base, Val index, Type element) {
    return loadLanes(base, index, element, lanes());
  }
  void storeLanes(Val vector, Val base, Val index, int64_t valid) {
    storeVector(vector, base, index, valid);
  }
  void storeLanes(Val vector, Val base, Val index) {
    storeVector(vector, base, index, lanes());
  }
  /// base[index] as f32; `element` is f32 or bf16.
  Val loadNumber(Val base, Val index, Type element);

  Numbers at(Numbers x, Val index) {
    return {at(x.base, index, x.element), x.element};
  }
  Val loadLanes(Numbers x, Val index, int64_t valid) {
    return loadLanes(x.base, index, x.element, valid);
  }
  Val loadLanes(Numbers x, Val index) { return loadLanes(x, index, lanes()); }
  Val loadNumber(Numbers x, Val index) {
    return loadNumber(x.base, index, x.element);
  }
  /// A vector of f32, the first `valid` elements, to x[index] on.
  void storeLanes(Val vector, Numbers x, Val index, int64_t valid) {
    storeVector(encode(vector, x.element), x.base, index, valid);
  }
  void storeLanes(Val vector, Numbers x, Val index) {
    storeLanes(vector, x, index, lanes());
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

  /// body(offset, valid) over 0..count-1 in steps of a vector; the last call
  /// has the rest.
  void chunks(int64_t count, function_ref<void(Val, int64_t)> body);
  /// The same, carrying values.
  SmallVector<Val>
  chunks(int64_t count, ArrayRef<Val> init,
         function_ref<SmallVector<Val>(Val, int64_t, ArrayRef<Val>)> body);

  /// f32 as it lies in memory: rounded to bf16, to nearest even, where
  /// `element` is.
  Val encode(Val x, Type element);

  /// `x` in all lanes.
  Val spread(Val x) { return lower::spread(x, target.perThread()); }
  Val zeroLanes() { return spread(f32(0)); }
  /// The first numbers of `values`, as lanes; zeros past its end.
  Val constantLanes(ArrayRef<float> values);
  /// The sum of the lanes in our order: the upper half is added to the lower
  /// until one is left.
  Val sumLanes(Val x);
  /// sumLanes of each vector, a power of two of them, and what to do with it:
  /// body(i, sum of vectors[i]). On a GPU each sum is some thread's, whose i
  /// (i64) is known when it runs; there `body` knows scalars only.
  void sumEach(ArrayRef<Val> vectors, function_ref<void(Val, Val)> body);
  /// The largest of the lanes.
  Val maxLanes(Val x);
  /// Lane i gets lane i ^ distance, a power of two.
  Val swapLanes(Val x, int64_t distance);

  ImplicitLocOpBuilder b;

protected:
  const Target &target;
  Val threadOfBlock, thread; // i32, the second of its warp; GPU only
  /// A register that PTX names so, i32.
  Val special(StringRef name);

private:
  Val threadOffset(int64_t perThread);
  Val loadShare(Val base, Val index, Type element, int64_t perThread,
                int64_t valid);
  void storeShare(Val vector, Val base, Val index, int64_t valid);
  Val shuffleThreads(Val x, int64_t distance);
  Val intrinsic(StringRef name, Type result, ArrayRef<Val> arguments);

  unsigned tables = 0; // constants of this function
  bool isSingle = false;
};

} // namespace mlir::sluice::lower
