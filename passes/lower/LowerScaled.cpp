#include "passes/lower/Ops.h"
#include "passes/lower/Round.h"
#include "passes/lower/Tiles.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

// Rows of a block: enough work to pay for a launch.
static constexpr int64_t kBlockRows = 64;

LinearTiles::LinearTiles(scaled::LinearOp op, Lowering &k)
    : isRow(k.form() == Form::Rows), groups(op.getGroups()),
      blockOutputs(productOutputs(k.getTarget(), op.getW().getType())) {
  int64_t outputs = scaled::weightShape(op.getW().getType())[0];
  perGroup = outputs / groups;
  grid = {k.number((perGroup + blockOutputs - 1) / blockOutputs),
          k.ceilDiv(k.rows(), kBlockRows), k.number(groups)};
  if (isRow)
    grid = {k.rows()};
}

Tile LinearTiles::at(Stage &s) const {
  if (isRow)
    return {s.i64(0), s.i64(groups * perGroup), s.x, s.x + 1};
  Val group = s.z * perGroup, lowRow = s.y * kBlockRows;
  Val lowOut = group + s.x * blockOutputs;
  return {lowOut, min(lowOut + blockOutputs, group + perGroup), lowRow,
          min(lowRow + kBlockRows, s.rows())};
}

void lower(scaled::LinearOp op, Lowering &k) {
  Type type = op.getW().getType();
  int64_t groups = op.getGroups();
  int64_t outputs = scaled::weightShape(type)[0];
  int64_t columns = scaled::weightShape(type)[1];
  bool scaled = isa<scaled::ScaledTensorType>(type);
  LinearTiles tiles(op, k);
  k.sums(productSums(type));
  k.stage(
      tiles.grid, k.number(productScratch(k.getTarget(), columns)),
      [&](Stage &s) {
        Weight weight(s, type, s.address(op.getW()),
                      scaled ? s.scales(op.getW()) : Val());
        Numbers x = s.numbers(op.getX()), y = s.resultNumbers(0);
        Tile tile = tiles.at(s);
        Val group = tiles.isRow ? s.i64(0) : s.z;
        products(
            s, k.getTarget(), weight, tile.lowOut, tile.highOut, tile.lowRow,
            tile.highRow,
            [&](Val row) {
              return s.at(x, row * (groups * columns) + group * columns);
            },
            [&](Val row, Val out, Val sum) {
              s.storeNumber(sum, y, row * outputs + out);
            });
      },
      k.getTarget().productWarps);
}

void lower(scaled::TakeOp op, Lowering &k) {
  Type type = op.getTable().getType();
  bool scaled = isa<scaled::ScaledTensorType>(type);
  int64_t row = llvm::product_of(
      cast<RankedTensorType>(op.getY().getType()).getShape().drop_front(),
      int64_t(1));
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Val index = s.loadIndex(s.address(op.getIndex()), s.x);
    Val table = s.address(op.getTable());
    Numbers y = s.resultNumbers(0);
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

void lower(scaled::RoundOp op, Lowering &k) {
  int64_t row = op.getX().getType().getDimSize(1), heads = op.getHeads();
  int64_t d = row / heads;
  k.stage({k.rows(), k.number(heads)},
          k.number(paddedColumns(k.getTarget(), d) * 4), [&](Stage &s) {
            Numbers own = {s.scratch, s.b.getF32Type()};
            Val at = s.x * row + s.y * d;
            s.chunks(d, [&](Val c, int64_t valid) {
              s.storeLanes(s.loadLanes(s.numbers(op.getX()), at + c, valid),
                           own, c, valid);
            });
            round(s, op.getRounding(), own, d, s.resultNumbers(0), at);
          });
}

void lower(arith::AddFOp op, Lowering &k) {
  int64_t row = llvm::product_of(
      cast<RankedTensorType>(op.getType()).getShape().drop_front(), int64_t(1));
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Numbers x = s.numbers(op.getLhs()), y = s.numbers(op.getRhs()),
            sum = s.resultNumbers(0);
    s.chunks(row, [&](Val c, int64_t valid) {
      Val at = s.x * row + c;
      s.storeLanes(s.loadLanes(x, at, valid) + s.loadLanes(y, at, valid), sum,
                   at, valid);
    });
  });
}

} // namespace mlir::sluice::lower
