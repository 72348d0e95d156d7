#include "passes/lower/Ops.h"
#include "passes/lower/State.h"
#include "passes/lower/TopK.h"

namespace mlir::sluice::lower {

/// scale * sum_h g_h relu(q_h . key), heads ascending; each dot 16 lanes.
static Val score(Stage &s, attn::SelectOp op, Val token, Val key) {
  int64_t d = op.getKeys().getType().getShape().back();
  int64_t heads = op.getG().getType().getDimSize(1);
  Numbers q = s.numbers(op.getQ()), g = s.numbers(op.getG());
  Numbers row = {key, op.getKeys().getType().getElementType()};
  Val sum = s.loop(
      s.i64(0), s.i64(heads), 1, s.f32(0), [&](Val h, ArrayRef<Val> carried) {
        Val head = token * (heads * d) + h * d;
        SmallVector<Val> dot = s.chunks(
            d, s.zeroLanes(), [&](Val c, int64_t valid, ArrayRef<Val> lanes) {
              return SmallVector<Val>{fma(s.loadLanes(q, head + c, valid),
                                          s.loadLanes(row, c, valid),
                                          lanes[0])};
            });
        Val positive = max(s.sumLanes(dot[0]), 0);
        return SmallVector<Val>{
            fma(s.loadNumber(g, token * heads + h), positive, carried[0])};
      })[0];
  return sum * op.getScale().convertToFloat();
}

// Keys whose scores are looked at together with the best so far.
static constexpr int64_t kTile = 512;

/// The rows that token `row` picks, all visible ones if they are few. Scores
/// pass through `scratch` a tile at a time: after each, the best `top` so far
/// stay, rows ascending, so that of equal scores those of smaller rows do.
static void selectRow(Stage &s, attn::SelectOp op, Val row, Val scratch) {
  int64_t top = op.getTop(), m = op.getKeys().getType().getEvery();
  Token t = token(s, op.getBatch(), row);
  Val visible = (t.position + 1) / m;
  Val sel = s.at(s.result(0), row * top, s.b.getI32Type());
  s.ifThen(le(visible, top), [&] {
    s.loop(s.i64(0), s.i64(top), 1, [&](Val i) {
      s.store(select(lt(i, visible), truncate(i, 32), s.i32(-1)), sel, i);
    });
  });
  s.ifThen(gt(visible, top), [&] {
    Log log = s.log(op.getKeys());
    Val keys = scratch,
        rows = s.at(scratch, s.i64(top + kTile + s.lanes()), s.b.getI32Type());
    s.loop(s.i64(0), visible, kTile, s.i64(0),
           [&](Val first, ArrayRef<Val> carried) {
             Val kept = carried[0];
             Val more = min(visible - first, kTile);
             s.sync(); // what stays has been moved
             s.loop(s.i64(0), more, 1, [&](Val i) {
               Val key = logRow(s, log, t.slot, first + i);
               s.store(sortKey(score(s, op, row, key)), keys, kept + i);
               s.store(truncate(first + i, 32), rows, kept + i);
             });
             Val count = kept + more;
             s.storeLanes(s.spread(s.i32(0)), keys, count);
             s.sync();
             Val isFull = gt(count, top);
             s.ifThen(isFull, [&] {
               topK(s, keys, count, top, [&](Val place, Val i) {
                 s.store(s.loadI32(keys, i), keys, place);
                 s.store(s.loadI32(rows, i), rows, place);
               });
             });
             return SmallVector<Val>{select(isFull, s.i64(top), count)};
           });
    s.sync();
    s.loop(s.i64(0), s.i64(top), 1,
           [&](Val i) { s.store(s.loadI32(rows, i), sel, i); });
  });
}

void lower(attn::SelectOp op, Lowering &k) {
  k.sums("cpu: lanes16; gpu: lanes128");
  // A sort key and a row each, and room for the last lanes.
  int64_t places = op.getTop() + kTile + k.getTarget().lanes;
  k.stage({k.rows()}, k.number(2 * 4 * places),
          [&](Stage &s) { selectRow(s, op, s.x, s.scratch); });
}

} // namespace mlir::sluice::lower
