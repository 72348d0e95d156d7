// What Emit does otherwise on a GPU, where a warp's threads share a vector.

#include "passes/lower/Alignment.h"
#include "passes/lower/Emit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::sluice::lower {

// Bits of the threads that meet: all of a warp.
static constexpr int32_t kAllThreads = -1;

Emit::Emit(OpBuilder &builder, Location loc, const Target &target)
    : b(loc, builder), target(target) {
  if (!target.isGpu())
    return;
  threadOfBlock = special("tid.x");
  thread = threadOfBlock & static_cast<int32_t>(target.threads - 1);
}

Val Emit::special(StringRef name) {
  return intrinsic(("llvm.nvvm.read.ptx.sreg." + name).str(), b.getI32Type(),
                   {});
}

Val Emit::intrinsic(StringRef name, Type result, ArrayRef<Val> arguments) {
  SmallVector<Value> values(arguments.begin(), arguments.end());
  StringAttr attribute = b.getStringAttr(name);
  if (!result) {
    LLVM::CallIntrinsicOp::create(b, attribute, values);
    return {};
  }
  auto call = LLVM::CallIntrinsicOp::create(b, result, attribute, values);
  return Val(b, call->getResult(0));
}

Val Emit::own(Val index) {
  return target.isGpu() ? index + threadOffset(target.perThread()) : index;
}

void Emit::single(function_ref<void()> body) {
  if (!target.isGpu())
    return body();
  each(eq(thread, 0), body);
}

void Emit::each(Val condition, function_ref<void()> body) {
  isSingle = true;
  ifThen(condition, body);
  isSingle = false;
}

void Emit::sync() {
  if (target.isGpu())
    intrinsic("llvm.nvvm.bar.warp.sync", nullptr, i32(kAllThreads));
}

void Emit::syncBlock() {
  intrinsic("llvm.nvvm.barrier.cta.sync.aligned.all", nullptr, i32(0));
}

void Emit::storeOwn(Val quad, Val base, Val index) {
  Val address = at(base, index, b.getF32Type());
  LLVM::StoreOp::create(b, quad.v, address.v,
                        alignmentOf(target, address.v, quad.type()));
}

Val Emit::loadQuad(Val base, Val index) {
  Type f32 = b.getF32Type();
  return load(at(base, index, f32), VectorType::get({4}, f32));
}

void Emit::copyQuad(Val to, Val from) {
  intrinsic("llvm.nvvm.cp.async.cg.shared.global.16", nullptr, {to, from});
}

void Emit::awaitCopies() {
  intrinsic("llvm.nvvm.cp.async.wait.all", nullptr, {});
}

Val Emit::constantLanes(ArrayRef<float> values) {
  SmallVector<float> padded(values.take_front(lanes()));
  padded.resize(lanes());
  auto numbers = DenseElementsAttr::get(
      VectorType::get({lanes()}, b.getF32Type()), ArrayRef<float>(padded));
  if (!target.isGpu())
    return Val(b, arith::ConstantOp::create(b, numbers));
  // Each thread wants others, so they lie in memory.
  auto function =
      b.getInsertionBlock()->getParentOp()->getParentOfType<func::FuncOp>();
  if (!function)
    function = cast<func::FuncOp>(b.getInsertionBlock()->getParentOp());
  std::string name = (function.getSymName() + "_table" + Twine(tables++)).str();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    auto type = LLVM::LLVMArrayType::get(b.getF32Type(), lanes());
    auto shape = RankedTensorType::get({lanes()}, b.getF32Type());
    LLVM::GlobalOp::create(
        b, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
        DenseElementsAttr::get(shape, ArrayRef<float>(padded)),
        /*alignment=*/16, /*addrSpace=*/1);
  }
  Val table(b, LLVM::AddressOfOp::create(b, pointer(), name));
  return loadLanes(table, i64(0), b.getF32Type());
}

/// Where this thread's elements of a vector begin.
Val Emit::threadOffset(int64_t perThread) {
  return extendUnsigned(thread, 64) * perThread;
}

Val Emit::loadShare(Val base, Val index, Type element, int64_t perThread,
                    int64_t valid) {
  auto type = VectorType::get({perThread}, element);
  Val from = index + threadOffset(perThread);
  if (valid == perThread * target.threads)
    return load(at(base, from, element), type);
  Val zero(b, arith::ConstantOp::create(b, b.getZeroAttr(type)));
  auto guarded = [&](Val condition, Val otherwise, function_ref<Val()> body) {
    auto op = scf::IfOp::create(b, otherwise.type(), condition.v, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.thenBlock());
    scf::YieldOp::create(b, body().v);
    b.setInsertionPointToStart(op.elseBlock());
    scf::YieldOp::create(b, otherwise.v);
    return Val(b, op.getResult(0));
  };
  int64_t whole = valid / perThread;
  Val vector = zero;
  if (whole > 0)
    vector = guarded(lt(thread, whole), vector,
                     [&] { return load(at(base, from, element), type); });
  if (valid % perThread == 0)
    return vector;
  // The thread after those has the rest.
  return guarded(eq(thread, whole), vector, [&] {
    Val rest = zero;
    for (int64_t i = 0; i < valid % perThread; ++i)
      rest = Val(
          b, vector::InsertOp::create(
                 b, load(at(base, from + i, element), element).v, rest.v, i));
    return rest;
  });
}

void Emit::storeShare(Val vector, Val base, Val index, int64_t valid) {
  auto type = cast<VectorType>(vector.type());
  Type element = type.getElementType();
  int64_t perThread = type.getDimSize(0), whole = valid / perThread;
  Val to = index + threadOffset(perThread);
  auto write = [&](Val value, Val place) {
    Val address = at(base, place, element);
    LLVM::StoreOp::create(b, value.v, address.v,
                          alignmentOf(target, address.v, value.type()));
  };
  if (whole == target.threads)
    return write(vector, to);
  if (whole > 0)
    ifThen(lt(thread, whole), [&] { write(vector, to); });
  if (valid % perThread != 0)
    ifThen(eq(thread, whole), [&] {
      for (int64_t i = 0; i < valid % perThread; ++i)
        write(lane(vector, i), to + i);
    });
}

/// The threads' values of a scalar or vector, swapped over `distance` threads.
Val Emit::shuffleThreads(Val x, int64_t distance) {
  auto one = [&](Val value) {
    bool isInteger = isa<IntegerType>(value.type());
    return intrinsic(isInteger ? "llvm.nvvm.shfl.sync.bfly.i32"
                               : "llvm.nvvm.shfl.sync.bfly.f32",
                     value.type(),
                     {i32(kAllThreads), value,
                      i32(static_cast<int32_t>(distance)), i32(31)});
  };
  auto type = dyn_cast<VectorType>(x.type());
  if (!type)
    return one(x);
  Val result = x;
  for (int64_t i = 0; i < type.getDimSize(0); ++i)
    result =
        Val(b, vector::InsertOp::create(b, one(lane(x, i)).v, result.v, i));
  return result;
}

std::pair<Val, Val> Emit::loadIndexPair(Val base, Val index) {
  if (!target.isGpu())
    return {loadIndex(base, index), loadIndex(base, index + 1)};
  // Even threads load the first, odd ones the second.
  Val isOdd = eq(thread & 1, 1);
  Val own = loadI32(base, index + extendUnsigned(thread & 1, 64));
  Val other = shuffleThreads(own, 1);
  return {extendSigned(select(isOdd, other, own), 64),
          extendSigned(select(isOdd, own, other), 64)};
}

Val Emit::sumLanes(Val x) {
  Val sum = sumOf(x);
  for (int64_t distance = target.threads / 2; distance > 0; distance /= 2)
    sum = sum + shuffleThreads(sum, distance);
  return sum;
}

// A thread needs one sum, so of two it gives one away and goes on with the
// other: sums halve as distances do. What is added to what is as in sumLanes,
// except that a + b may be b + a.
void Emit::sumEach(ArrayRef<Val> vectors, function_ref<void(Val, Val)> body) {
  if (!target.isGpu()) {
    for (auto [i, vector] : llvm::enumerate(vectors))
      body(i64(int64_t(i)), sumLanes(vector));
    return;
  }
  SmallVector<Val> sums = llvm::map_to_vector(vectors, sumOf);
  Val index = i32(0);
  int64_t distance = target.threads / 2;
  for (; sums.size() > 1; distance /= 2) {
    size_t half = sums.size() / 2;
    Val isUpper = gt(thread & int32_t(distance), 0);
    for (size_t i = 0; i < half; ++i) {
      Val own = select(isUpper, sums[i + half], sums[i]);
      Val given = select(isUpper, sums[i], sums[i + half]);
      sums[i] = own + shuffleThreads(given, distance);
    }
    sums.resize(half);
    index = select(isUpper, index + int32_t(half), index);
  }
  Val sum = sums[0];
  int64_t sharers = distance * 2; // threads that end with the same sum
  for (; distance > 0; distance /= 2)
    sum = sum + shuffleThreads(sum, distance);
  each(eq(thread & int32_t(sharers - 1), 0),
       [&] { body(extendUnsigned(index, 64), sum); });
}

Val Emit::maxLanes(Val x) {
  Val largest = maxOf(x);
  for (int64_t distance = target.threads / 2; distance > 0; distance /= 2) {
    // A NaN here or there must come out the same in both.
    Val other = shuffleThreads(largest, distance);
    largest = select(gt(other, largest) | ne(other, other), other, largest);
  }
  return largest;
}

Val Emit::swapLanes(Val x, int64_t distance) {
  int64_t perThread = target.perThread();
  if (distance >= perThread)
    return shuffleThreads(x, distance / perThread);
  SmallVector<int64_t> other;
  for (int64_t i = 0; i < perThread; ++i)
    other.push_back(i ^ distance);
  return shuffle(x, other);
}

} // namespace mlir::sluice::lower
