#include "passes/lower/Ops.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

// Outputs and rows of a block: enough work to pay for a launch, few enough that
// a decoding step has blocks for every thread.
static constexpr int64_t kBlockOutputs = 16, kBlockRows = 64;

void lower(scaled::LinearOp op, Lowering &k) {
  Type type = op.getW().getType();
  int64_t groups = op.getGroups();
  int64_t outputs = scaled::weightShape(type)[0];
  int64_t columns = scaled::weightShape(type)[1];
  int64_t perGroup = outputs / groups;
  bool scaled = isa<scaled::ScaledTensorType>(type);
  k.sums("cpu: lanes16");
  k.stage({k.number((perGroup + kBlockOutputs - 1) / kBlockOutputs),
           k.ceilDiv(k.rows(), kBlockRows), k.number(groups)},
          k.number(productScratch(k.getTarget(), columns)), [&](Stage &s) {
            Type f32 = s.b.getF32Type();
            Weight weight(s, type, s.address(op.getW()),
                          scaled ? s.scales(op.getW()) : Val());
            Val x = s.address(op.getX()), y = s.result(0);
            Val group = s.z * perGroup;
            Val lowOut = group + s.x * kBlockOutputs;
            Val highOut = min(lowOut + kBlockOutputs, group + perGroup);
            Val lowRow = s.y * kBlockRows;
            Val highRow = min(lowRow + kBlockRows, s.rows());
            products(
                s, k.getTarget(), weight, lowOut, highOut, lowRow, highRow,
                [&](Val row) {
                  return s.at(x, row * (groups * columns) + s.z * columns, f32);
                },
                [&](Val row, Val out, Val sum) {
                  s.store(sum, y, row * outputs + out);
                });
          });
}

void lower(scaled::TakeOp op, Lowering &k) {
  Type type = op.getTable().getType();
  bool scaled = isa<scaled::ScaledTensorType>(type);
  int64_t row = llvm::product_of(
      cast<RankedTensorType>(op.getY().getType()).getShape().drop_front(),
      int64_t(1));
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Val index = s.loadIndex(s.address(op.getIndex()), s.x);
    Val table = s.address(op.getTable()), y = s.result(0);
    // A row of activations, or of a plain table, is contiguous whatever its
    // rank.
    Type flat = scaled ? type
                       : RankedTensorType::get({1, row},
                                               scaled::weightElementType(type));
    Weight weight(s, flat, table, scaled ? s.scales(op.getTable()) : Val());
    s.chunks(row, [&](Val c, int64_t valid) {
      s.storeLanes(weight.lanes(index, c, valid), y, s.x * row + c, valid);
    });
  });
}

void lower(arith::AddFOp op, Lowering &k) {
  int64_t row = llvm::product_of(
      cast<RankedTensorType>(op.getType()).getShape().drop_front(), int64_t(1));
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Type f32 = s.b.getF32Type();
    Val x = s.address(op.getLhs()), y = s.address(op.getRhs()),
        sum = s.result(0);
    s.chunks(row, [&](Val c, int64_t valid) {
      Val at = s.x * row + c;
      s.storeLanes(s.loadLanes(x, at, f32, valid) +
                       s.loadLanes(y, at, f32, valid),
                   sum, at, valid);
    });
  });
}

} // namespace mlir::sluice::lower
