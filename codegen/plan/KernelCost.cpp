#include "codegen/plan/KernelCost.h"

#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice;
using plan::ExprAttr;
using plan::ExprOp;
using plan::LogType;

namespace {

int64_t elements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

int64_t columnsOf(Value value) {
  return elements(
      cast<RankedTensorType>(value.getType()).getShape().drop_front());
}

/// Bytes of a weight and its scales.
int64_t weightBytes(Type type) {
  ArrayRef<int64_t> shape = scaled::weightShape(type);
  int64_t bits =
      elements(shape) * scaled::weightElementType(type).getIntOrFloatBitWidth();
  if (auto blocks = dyn_cast<scaled::ScaledTensorType>(type))
    bits += elements(shape.drop_back(2)) *
            llvm::divideCeil(shape[shape.size() - 2], blocks.getBlockRows()) *
            llvm::divideCeil(shape.back(), blocks.getBlockColumns()) *
            blocks.getScaleType().getIntOrFloatBitWidth();
  return llvm::divideCeil(bits, 8);
}

/// Adds up the cost of ops that work on `rows` rows.
class Adding {
public:
  explicit Adding(plan::KernelOp kernel)
      : kernel(kernel), context(kernel.getContext()),
        cost{number(0), number(0), number(0)} {}

  KernelCost run() {
    for (Operation *op : kernel.getRoots()) {
      rows = kernel.getRowsOf(op);
      llvm::TypeSwitch<Operation *>(op)
          .Case<scaled::LinearOp, scaled::TakeOp, hc::PreOp, hc::PostOp,
                hc::HeadOp, hc::NormOp, attn::CommitOp, attn::CompressOp,
                attn::SelectOp, attn::AttendOp, moe::RouteOp, moe::MatmulOp>(
              [&](auto op) { add(op); });
    }
    return cost;
  }

private:
  ExprAttr number(int64_t value) { return ExprAttr::constant(context, value); }
  ExprAttr symbol(plan::Symbol symbol) {
    return ExprAttr::symbol(context, symbol);
  }
  ExprAttr times(ExprAttr x, int64_t y) {
    return ExprAttr::binary(ExprOp::Mul, x, number(y));
  }
  ExprAttr min(ExprAttr x, int64_t y) {
    return ExprAttr::binary(ExprOp::Min, x, number(y));
  }
  static void into(ExprAttr &sum, ExprAttr more) {
    sum = ExprAttr::binary(ExprOp::Add, sum, more);
  }

  /// `count` multiplications and additions for each row.
  void products(int64_t count) { into(cost.flops, times(rows, 2 * count)); }
  /// `keys` log rows for each row, with `count` products each.
  void keys(ExprAttr keys, LogType log, int64_t count) {
    ExprAttr pairs = ExprAttr::binary(ExprOp::Mul, rows, keys);
    into(cost.flops, times(pairs, 2 * count));
    into(cost.state, times(pairs, log.getRowBytes()));
  }
  void whole(Value weight) {
    if (weight)
      into(cost.weights, number(weightBytes(weight.getType())));
  }
  /// Entries of a paged log that a row may see: as if each had the longest
  /// context of the step.
  ExprAttr visible(LogType log) {
    return ExprAttr::binary(ExprOp::FloorDiv, symbol(plan::Symbol::N),
                            number(log.getEvery()));
  }

  void add(scaled::LinearOp op) {
    products(elements(scaled::weightShape(op.getW().getType())));
    whole(op.getW());
  }
  void add(scaled::TakeOp op) {
    Type table = op.getTable().getType();
    int64_t height = scaled::weightShape(table)[0];
    if (!ShapedType::isDynamic(height))
      into(cost.weights, times(rows, weightBytes(table) / height));
  }
  void add(hc::PreOp op) {
    products(elements(op.getFn().getType().getShape()) +
             columnsOf(op.getStreams()));
    for (Value weight : {op.getFn(), op.getBase(), op.getMul()})
      whole(weight);
  }
  void add(hc::HeadOp op) {
    products(elements(op.getFn().getType().getShape()) +
             columnsOf(op.getStreams()));
    for (Value weight : {op.getFn(), op.getBase(), op.getMul()})
      whole(weight);
  }
  void add(hc::PostOp op) {
    int64_t streams = columnsOf(op.getPost());
    products((streams + 1) * columnsOf(op.getStreams()));
  }
  void add(hc::NormOp op) { whole(op.getW()); }
  void add(attn::CommitOp op) {
    auto log = cast<LogType>(op.getLog().getType());
    into(cost.state, times(rows, log.getRowBytes()));
  }
  void add(attn::CompressOp op) {
    auto log = cast<LogType>(op.getInto().getType());
    auto tail = cast<LogType>(op.getTail().getType());
    // Windows that close, and the rows before the step that one may need.
    ExprAttr closing = ExprAttr::binary(
        ExprOp::Add, symbol(plan::Symbol::S),
        ExprAttr::binary(ExprOp::FloorDiv, symbol(plan::Symbol::T),
                         number(log.getEvery())));
    into(cost.state, times(closing, log.getRowBytes()));
    into(cost.state, times(symbol(plan::Symbol::S),
                           (tail.getKeep() - 1) * tail.getRowBytes()));
    whole(op.getBias());
    whole(op.getNorm());
  }
  void add(attn::SelectOp op) {
    auto log = cast<LogType>(op.getKeys().getType());
    keys(visible(log), log, columnsOf(op.getQ()));
  }
  void add(attn::AttendOp op) {
    auto window = cast<LogType>(op.getWindow().getType());
    int64_t both = 2 * columnsOf(op.getQ()); // q . K, then its sum of K
    keys(min(symbol(plan::Symbol::N), window.getKeep()), window, both);
    if (op.getEntries()) {
      auto log = cast<LogType>(op.getEntries().getType());
      ExprAttr seen = visible(log);
      if (op.getPicked())
        seen = min(seen, columnsOf(op.getPicked()));
      keys(seen, log, both);
    }
    whole(op.getSinks());
  }
  void add(moe::RouteOp op) {
    whole(op.getBias());
    if (Value table = op.getTable())
      into(cost.weights,
           times(rows, columnsOf(table) *
                           getElementTypeOrSelf(table).getIntOrFloatBitWidth() /
                           8));
  }
  void add(moe::MatmulOp op) {
    Type weight = op.getW().getType();
    ArrayRef<int64_t> shape = scaled::weightShape(weight);
    products(shape[1] * shape[2]);
    // Each assignment may be the first of its expert.
    into(cost.weights,
         times(min(rows, shape[0]), weightBytes(weight) / shape[0]));
  }

  plan::KernelOp kernel;
  MLIRContext *context;
  KernelCost cost;
  ExprAttr rows;
};

} // namespace

KernelCost mlir::sluice::costOf(plan::KernelOp kernel) {
  return Adding(kernel).run();
}
