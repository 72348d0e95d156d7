#include "passes/lower/Alignment.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

namespace mlir::sluice::lower {

static constexpr StringLiteral kKnown = "sluice.alignment";
static constexpr int64_t kWidest = 16; // bytes of an access
static constexpr int64_t kMost = 4096; // enough to be divided and still tell

int64_t multipleOf(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return std::gcd(number.getSExtValue(), kMost);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop || argument != loop.getInductionVar())
      return 1;
    return std::gcd(multipleOf(loop.getLowerBound()),
                    multipleOf(loop.getStep()));
  }
  return llvm::TypeSwitch<Operation *, int64_t>(value.getDefiningOp())
      .Case([](arith::MulIOp op) {
        return std::min(kMost,
                        multipleOf(op.getLhs()) * multipleOf(op.getRhs()));
      })
      .Case<arith::AddIOp, arith::SubIOp>([](auto op) {
        return std::min(multipleOf(op.getLhs()), multipleOf(op.getRhs()));
      })
      .Case<arith::ExtUIOp, arith::ExtSIOp>(
          [](auto op) { return multipleOf(op.getIn()); })
      .Case([](arith::DivUIOp op) {
        APInt divisor;
        if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) ||
            !divisor.isPowerOf2())
          return int64_t(1);
        return std::max<int64_t>(1, multipleOf(op.getLhs()) /
                                        divisor.getSExtValue());
      })
      .Case([](arith::SelectOp op) {
        return std::min(multipleOf(op.getTrueValue()),
                        multipleOf(op.getFalseValue()));
      })
      .Default([](Operation *) { return 1; });
}

static int64_t bytesOf(Type element) {
  if (isa<LLVM::LLVMPointerType>(element))
    return 8;
  return std::max<int64_t>(1, element.getIntOrFloatBitWidth() / 8);
}

/// The same of an address.
static int64_t multipleOfAddress(Value address) {
  if (isa<BlockArgument>(address))
    return kWidest; // an argument of the kernel
  return llvm::TypeSwitch<Operation *, int64_t>(address.getDefiningOp())
      .Case([](LLVM::GEPOp op) {
        int64_t index = 1;
        if (op.getDynamicIndices().size() == 1)
          index = multipleOf(op.getDynamicIndices()[0]);
        return std::min(multipleOfAddress(op.getBase()),
                        index * bytesOf(op.getElemType()));
      })
      .Case([](arith::SelectOp op) {
        return std::min(multipleOfAddress(op.getTrueValue()),
                        multipleOfAddress(op.getFalseValue()));
      })
      .Case([](LLVM::AddressOfOp) { return kWidest; })
      .Default([](Operation *op) {
        auto known = op->getAttrOfType<IntegerAttr>(kKnown);
        return known ? known.getInt() : 1;
      });
}

int32_t alignmentOf(const Target &target, Value address, Type type) {
  int64_t element = bytesOf(getElementTypeOrSelf(type));
  if (!target.isGpu())
    return static_cast<int32_t>(element);
  return static_cast<int32_t>(std::max(element, multipleOfAddress(address)));
}

void setAlignment(Value address, int64_t bytes) {
  Operation *op = address.getDefiningOp();
  op->setAttr(
      kKnown,
      Builder(op->getContext()).getI64IntegerAttr(std::gcd(bytes, kWidest)));
}

} // namespace mlir::sluice::lower
