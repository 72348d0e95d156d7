#include "passes/lower/Emit.h"

#include "passes/lower/Alignment.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::sluice::lower {

Type Emit::pointer() {
  return LLVM::LLVMPointerType::get(b.getContext(), target.isGpu() ? 1 : 0);
}

Val Emit::i64(int64_t number) {
  return Val(b, arith::ConstantOp::create(b, b.getI64IntegerAttr(number)));
}
Val Emit::i32(int32_t number) {
  return Val(b, arith::ConstantOp::create(b, b.getI32IntegerAttr(number)));
}
Val Emit::f32(float number) {
  return Val(b, arith::ConstantOp::create(b, b.getF32FloatAttr(number)));
}
Val Emit::null() { return Val(b, LLVM::ZeroOp::create(b, pointer())); }

Val Emit::at(Val base, Val index, Type element) {
  return Val(b, LLVM::GEPOp::create(b, base.type(), element, base.v,
                                    ArrayRef<LLVM::GEPArg>{index.v}));
}

Val Emit::load(Val address, Type type) {
  return Val(b, LLVM::LoadOp::create(b, type, address.v,
                                     alignmentOf(target, address.v, type)));
}

void Emit::store(Val value, Val address) {
  auto write = [&] {
    LLVM::StoreOp::create(b, value.v, address.v,
                          alignmentOf(target, address.v, value.type()));
  };
  if (!target.isGpu() || isSingle)
    return write();
  ifThen(eq(thread, 0), write);
}

/// The mask of the first `valid` of `lanes` lanes.
static Value firstLanes(ImplicitLocOpBuilder &b, int64_t lanes, int64_t valid) {
  SmallVector<bool> mask(lanes);
  for (int64_t i = 0; i < lanes; ++i)
    mask[i] = i < valid;
  auto type = VectorType::get({lanes}, b.getI1Type());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, mask));
}

Val Emit::loadVector(Val base, Val index, Type element, int64_t lanes,
                     int64_t valid) {
  if (target.isGpu())
    return loadShare(base, index, element, lanes / target.threads, valid);
  auto type = VectorType::get({lanes}, element);
  Val address = at(base, index, element);
  if (valid == lanes)
    return load(address, type);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return Val(b, LLVM::MaskedLoadOp::create(
                    b, type, address.v, firstLanes(b, lanes, valid), zero,
                    b.getI32IntegerAttr(alignmentOf(target, address, type))));
}

void Emit::storeVector(Val vector, Val base, Val index, int64_t valid) {
  if (target.isGpu())
    return storeShare(vector, base, index, valid);
  auto type = cast<VectorType>(vector.type());
  Val address = at(base, index, type.getElementType());
  if (valid == type.getDimSize(0))
    return store(vector, address);
  LLVM::MaskedStoreOp::create(
      b, vector.v, address.v, firstLanes(b, type.getDimSize(0), valid),
      b.getI32IntegerAttr(alignmentOf(target, address, type)));
}

Val Emit::loadSmall(Val base, Val index, Type element, int64_t count) {
  return load(at(base, index, element), VectorType::get({count}, element));
}

void Emit::storeSmall(Val vector, Val base, Val index) {
  store(vector, at(base, index, getElementTypeOrSelf(vector.type())));
}

Val Emit::loadLanes(Val base, Val index, Type element, int64_t valid) {
  if (element.isF32())
    return loadVector(base, index, element, lanes(), valid);
  Val bits = loadVector(base, index, b.getI16Type(), lanes(), valid);
  return bitsAsFloat(extendUnsigned(bits, 32) << 16);
}

Val Emit::loadNumber(Val base, Val index, Type element) {
  if (element.isF32())
    return loadF32(base, index);
  Val bits = load(base, index, b.getI16Type());
  return bitsAsFloat(extendUnsigned(bits, 32) << 16);
}

Val Emit::encode(Val x, Type element) {
  return element.isF32() ? x : truncate(bfloatBits(x) >> 16, 16);
}

SmallVector<Val>
Emit::loop(Val low, Val high, int64_t step, ArrayRef<Val> init,
           function_ref<SmallVector<Val>(Val, ArrayRef<Val>)> body) {
  SmallVector<Value> initValues(init.begin(), init.end());
  auto op = scf::ForOp::create(b, low.v, high.v, i64(step).v, initValues);
  OpBuilder::InsertionGuard guard(b);
  if (init.empty())
    b.setInsertionPoint(op.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(op.getBody());
  SmallVector<Val> carried;
  for (Value value : op.getRegionIterArgs())
    carried.push_back(Val(b, value));
  SmallVector<Val> next = body(Val(b, op.getInductionVar()), carried);
  if (!init.empty())
    scf::YieldOp::create(b, SmallVector<Value>(next.begin(), next.end()));
  SmallVector<Val> results;
  for (Value value : op.getResults())
    results.push_back(Val(b, value));
  return results;
}

void Emit::loop(Val low, Val high, int64_t step, function_ref<void(Val)> body) {
  loop(low, high, step, {}, [&](Val i, ArrayRef<Val>) {
    body(i);
    return SmallVector<Val>{};
  });
}

void Emit::ifThen(Val condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, condition.v, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

void Emit::ifElse(Val condition, function_ref<void()> then,
                  function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, condition.v, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  b.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

SmallVector<Val>
Emit::chunks(int64_t count, ArrayRef<Val> init,
             function_ref<SmallVector<Val>(Val, int64_t, ArrayRef<Val>)> body) {
  int64_t whole = count / lanes() * lanes();
  SmallVector<Val> values(init);
  if (whole == lanes()) {
    values = body(i64(0), lanes(), values);
  } else if (whole > 0) {
    values = loop(i64(0), i64(whole), lanes(), values,
                  [&](Val i, ArrayRef<Val> carried) {
                    return body(i, lanes(), carried);
                  });
  }
  if (whole < count)
    values = body(i64(whole), count - whole, values);
  return values;
}

void Emit::chunks(int64_t count, function_ref<void(Val, int64_t)> body) {
  chunks(count, {}, [&](Val offset, int64_t valid, ArrayRef<Val>) {
    body(offset, valid);
    return SmallVector<Val>{};
  });
}

} // namespace mlir::sluice::lower
