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

// Rows that a GPU works on at a time: their keys lie in its memory, as shared
// memory does not hold those of a long context.
static constexpr int64_t kRowsAtATime = 128;

/// The rows that token `row` picks; `scratch` has room for its sort keys.
static void selectRow(Stage &s, attn::SelectOp op, Val row, Val scratch) {
  int64_t top = op.getTop(), m = op.getKeys().getType().getEvery();
  Token t = token(s, op.getBatch(), row);
  Val visible = (t.position + 1) / m;
  Val sel = s.at(s.result(0), row * top, s.b.getI32Type());
  s.ifElse(
      le(visible, top),
      [&] {
        s.loop(s.i64(0), s.i64(top), 1, [&](Val i) {
          s.store(select(lt(i, visible), truncate(i, 32), s.i32(-1)), sel, i);
        });
      },
      [&] {
        Log log = s.log(op.getKeys());
        Val last = visible / s.lanes() * s.lanes();
        s.storeLanes(s.spread(s.i32(0)), scratch, last);
        s.sync();
        s.loop(s.i64(0), visible, 1, [&](Val i) {
          Val key = logRow(s, log, t.slot, i);
          s.store(sortKey(score(s, op, row, key)), scratch, i);
        });
        s.sync();
        topK(s, scratch, visible, top,
             [&](Val place, Val i) { s.store(truncate(i, 32), sel, place); });
      });
}

void lower(attn::SelectOp op, Lowering &k) {
  plan::LogType keys = op.getKeys().getType();
  int64_t m = keys.getEvery(), lanes = k.getTarget().lanes;
  k.sums("cpu: lanes16; gpu: lanes128");
  // A sort key for each visible row, and room for the last lanes.
  auto bytes = [&](plan::ExprAttr context) {
    return k.mul(k.add(k.ceilDiv(context, m), lanes), 4);
  };
  if (!k.getTarget().isGpu())
    return k.stage({k.rows()}, bytes(k.symbol(plan::Symbol::N)),
                   [&](Stage &s) { selectRow(s, op, s.x, s.scratch); });
  plan::ExprAttr page = k.symbol(plan::Symbol::P);
  plan::ExprAttr most =
      k.times(k.ceilDiv(k.symbol(plan::Symbol::MaxN), page), page);
  plan::ExprAttr blocks = k.min(k.rows(), kRowsAtATime);
  k.buffer(k.times(blocks, bytes(most)));
  k.stage({blocks}, k.number(0), [&](Stage &s) {
    Log log = s.log(op.getKeys());
    Val own = (log.pagesPerSlot * log.pageTokens + (m - 1)) / m + lanes;
    Val scratch = s.at(s.buffer(0), s.x * own, s.b.getI32Type());
    s.loop(s.x, s.rows(), kRowsAtATime, [&](Val row) {
      s.sync(); // the row before has been read
      selectRow(s, op, row, scratch);
    });
  });
}

} // namespace mlir::sluice::lower
