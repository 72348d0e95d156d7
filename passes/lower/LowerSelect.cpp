#include "passes/lower/Ops.h"
#include "passes/lower/State.h"
#include "passes/lower/TopK.h"

namespace mlir::sluice::lower {

/// scale * sum_h g_h relu(q_h . key), heads ascending; each dot 16 lanes.
static Val score(Stage &s, attn::SelectOp op, Val key) {
  int64_t d = op.getKeys().getType().getShape().back();
  int64_t heads = op.getG().getType().getDimSize(1);
  Numbers q = s.numbers(op.getQ()), g = s.numbers(op.getG());
  Numbers row = {key, op.getKeys().getType().getElementType()};
  Val sum = s.loop(
      s.i64(0), s.i64(heads), 1, s.f32(0), [&](Val h, ArrayRef<Val> carried) {
        Val head = s.x * (heads * d) + h * d;
        SmallVector<Val> dot = s.chunks(
            d, s.zeroLanes(), [&](Val c, int64_t valid, ArrayRef<Val> lanes) {
              return SmallVector<Val>{fma(s.loadLanes(q, head + c, valid),
                                          s.loadLanes(row, c, valid),
                                          lanes[0])};
            });
        Val positive = max(sumLanes(dot[0]), 0);
        return SmallVector<Val>{
            fma(s.loadNumber(g, s.x * heads + h), positive, carried[0])};
      })[0];
  return sum * op.getScale().convertToFloat();
}

void lower(attn::SelectOp op, Lowering &k) {
  plan::LogType keys = op.getKeys().getType();
  int64_t top = op.getTop(), m = keys.getEvery();
  // A sort key for each visible row, and room for the last lanes.
  plan::ExprAttr scratch =
      k.mul(k.add(k.ceilDiv(k.symbol(plan::Symbol::N), m), kLanes), 4);
  k.sums("cpu: lanes16");
  k.stage({k.rows()}, scratch, [&](Stage &s) {
    Token t = token(s, op.getBatch(), s.x);
    Val visible = (t.position + 1) / m;
    Val sel = s.at(s.result(0), s.x * top, s.b.getI32Type());
    s.ifElse(
        le(visible, top),
        [&] {
          s.loop(s.i64(0), s.i64(top), 1, [&](Val i) {
            s.store(select(lt(i, visible), truncate(i, 32), s.i32(-1)), sel, i);
          });
        },
        [&] {
          Log log = s.log(op.getKeys());
          s.storeVector(spread(s.i32(0), kLanes), s.scratch,
                        visible / kLanes * kLanes, kLanes);
          s.loop(s.i64(0), visible, 1, [&](Val i) {
            Val key = logRow(s, log, t.slot, i);
            s.store(sortKey(score(s, op, key)), s.scratch, i);
          });
          topK(s, s.scratch, visible, top,
               [&](Val place, Val i) { s.store(truncate(i, 32), sel, place); });
        });
  });
}

} // namespace mlir::sluice::lower
