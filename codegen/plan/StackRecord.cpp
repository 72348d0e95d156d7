#include "codegen/plan/StackRecord.h"

#include "dialects/scaled/ScaledTypes.h"
#include "runtime/plan/PlanView.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;
using scaled::ScaledTensorType;

std::optional<fb::DType> mlir::sluice::dtypeOf(Type type) {
  if (type.isF32())
    return fb::DType::F32;
  if (type.isBF16())
    return fb::DType::BF16;
  if (isa<Float8E4M3FNType>(type))
    return fb::DType::F8E4M3;
  if (isa<Float8E8M0FNUType>(type))
    return fb::DType::F8E8M0;
  if (isa<Float4E2M1FNType>(type))
    return fb::DType::F4E2M1x2;
  if (type.isInteger(32))
    return fb::DType::I32;
  if (type.isInteger(64))
    return fb::DType::I64;
  return std::nullopt;
}

namespace {
/// Rows from..to-1 of every `of` rows of a stored tensor.
struct RowRange {
  int64_t from, to, of;
};
} // namespace

/// `shape` is that of the value, counted in stored units: bytes of two numbers
/// for f4E2M1FN, blocks for scales.
static FailureOr<StackRecord> makeRecord(plan::StackOp stack, StringRef name,
                                         Type element, ArrayRef<int64_t> shape,
                                         std::optional<RowRange> rows) {
  std::optional<fb::DType> dtype = dtypeOf(element);
  if (!dtype)
    return stack.emitOpError("a plan has no weights of ") << element;
  StackRecord record{name.str(), *dtype, {}, 0, 0, 0};
  if (shape.size() < 3) {
    record.shape.assign(shape.begin(), shape.end());
    return record;
  }
  int64_t experts = shape[0], columns = shape[2];
  int64_t storedRows = rows ? rows->of : shape[1];
  uint64_t rowBytes = columns * ::sluice::dtypeBytes(*dtype);
  record.table = experts;
  record.offset = rows ? rows->from * rowBytes : 0;
  if (!name.contains("{e}")) {
    record.shape.push_back(experts);
    record.stride = storedRows * rowBytes;
  }
  record.shape.push_back(storedRows);
  record.shape.push_back(columns);
  return record;
}

FailureOr<SmallVector<StackRecord, 2>>
mlir::sluice::stackRecords(plan::StackOp stack) {
  std::optional<RowRange> rows;
  if (stack.getFrom())
    rows = {int64_t(*stack.getFrom()), int64_t(*stack.getTo()),
            int64_t(*stack.getOf())};
  auto scaled = dyn_cast<ScaledTensorType>(stack.getType());
  if (!scaled) {
    auto plain = dyn_cast<RankedTensorType>(stack.getType());
    if (!plain || !plain.hasStaticShape())
      return stack.emitOpError("expected a static tensor or a !scaled.tensor, "
                               "got ")
             << stack.getType();
    FailureOr<StackRecord> record = makeRecord(
        stack, stack.getName(), plain.getElementType(), plain.getShape(), rows);
    if (failed(record))
      return failure();
    return SmallVector<StackRecord, 2>{*record};
  }

  if (!stack.getScale())
    return stack.emitOpError("expected the name of the scales of a "
                             "!scaled.tensor");
  if (stack.getName().contains("{e}") != stack.getScale()->contains("{e}"))
    return stack.emitOpError("expected \"{e}\" in the names of both elements "
                             "and scales, or of neither");
  SmallVector<int64_t> elements(scaled.getShape());
  if (isa<Float4E2M1FNType>(scaled.getElementType()))
    elements.back() /= 2;
  int64_t blockRows = scaled.getBlockRows();
  SmallVector<int64_t> blocks(scaled.getShape());
  int64_t &rowDim = blocks[blocks.size() - 2];
  rowDim = llvm::divideCeilSigned(rowDim, blockRows);
  blocks.back() =
      llvm::divideCeilSigned(blocks.back(), scaled.getBlockColumns());
  std::optional<RowRange> blockRange;
  if (rows) {
    if (rows->from % blockRows != 0 ||
        (rows->to % blockRows != 0 && rows->to != rows->of))
      return stack.emitOpError("expected rows on the borders of blocks of ")
             << blockRows << ", got rows " << rows->from << " to " << rows->to
             << " of " << rows->of;
    blockRange = {rows->from / blockRows,
                  llvm::divideCeilSigned(rows->to, blockRows),
                  llvm::divideCeilSigned(rows->of, blockRows)};
  }
  FailureOr<StackRecord> first = makeRecord(
      stack, stack.getName(), scaled.getElementType(), elements, rows);
  FailureOr<StackRecord> second = makeRecord(
      stack, *stack.getScale(), scaled.getScaleType(), blocks, blockRange);
  if (failed(first) || failed(second))
    return failure();
  return SmallVector<StackRecord, 2>{*first, *second};
}
