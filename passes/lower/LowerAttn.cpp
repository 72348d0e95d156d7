#include "passes/lower/Math.h"
#include "passes/lower/Norm.h"
#include "passes/lower/Ops.h"
#include "passes/lower/Rotate.h"
#include "passes/lower/Round.h"
#include "passes/lower/State.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

static int64_t columns(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}
static Type element(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

void lower(attn::RopeOp op, Lowering &k) {
  int64_t width = columns(op.getX()), d = width / op.getHeads();
  bool isHead = k.form() == Form::Heads;
  SmallVector<plan::ExprAttr> grid{k.rows()};
  if (isHead)
    grid.push_back(k.number(op.getHeads()));
  k.stage(grid, k.number(rotationBytes(k.getTarget(), op.getRope())),
          [&](Stage &s) {
            Val position = s.loadIndex(s.positions(op.getBatch()), s.x);
            rotation(s, op.getRope(), position, op.getInverse(), s.scratch);
            Val low = isHead ? s.y : s.i64(0);
            Val high = isHead ? low + 1 : s.i64(op.getHeads());
            s.loop(low, high, 1, [&](Val head) {
              Val at = s.x * width + head * d;
              rotate(s, op.getRope(), s.scratch, s.numbers(op.getX()), at,
                     s.resultNumbers(0), at, d);
            });
          });
}

void lower(attn::CommitOp op, Lowering &k) {
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Log log = s.log(op.getLog());
    Token t = token(s, op.getBatch(), s.x);
    // A later row of the same sequence may take this row's place: only the last
    // `keep` are stored, so no two blocks write one place.
    Val later = s.x + log.type.getKeep();
    Val inStep = lt(later, s.rows());
    Val place = select(inStep, later, s.x);
    Val sameSequence = eq(s.loadIndex(s.firsts(op.getBatch()), place), t.first);
    s.ifThen(eq(extendUnsigned(inStep & sameSequence, 64), 0), [&] {
      Numbers row = {logRow(s, log, t.slot, t.position),
                     log.type.getElementType()};
      int64_t at = 0;
      for (Value part : op.getParts()) {
        int64_t width = columns(part);
        s.chunks(width, [&](Val c, int64_t valid) {
          Val lanes = s.loadLanes(s.numbers(part), s.x * width + c, valid);
          s.storeLanes(lanes, row, c + at, valid);
        });
        at += width;
      }
    });
  });
}

namespace {
/// The slots of the window that the block's token closes.
struct Window {
  Token token;
  Val low, own, high; // positions: first slot, first of the own window, end
};
} // namespace

/// Where slot `position` keeps its c and z, and its bias: addresses of channel
/// 0 of the part this window pools.
static std::array<Val, 3> slotRow(Stage &s, attn::CompressOp op,
                                  const Window &window, Val position) {
  int64_t width = columns(op.getC()), m = op.getInto().getType().getEvery();
  int64_t d = op.getInto().getType().getShape().back();
  Type f32 = s.b.getF32Type();
  Val earlier = logRow(s, s.log(op.getTail()), window.token.slot, position);
  Val c = stepRowOr(s, window.token, position, s.numbers(op.getC()), width,
                    earlier);
  Val z = stepRowOr(s, window.token, position, s.numbers(op.getZ()), width,
                    s.at(earlier, s.i64(width), f32));
  // Overlap: the window before gives its first half of channels, the own one
  // its second.
  Val half = op.getOverlap()
                 ? select(ge(position, window.own), s.i64(d), s.i64(0))
                 : s.i64(0);
  Val bias;
  if (op.getBias())
    bias = (position % m) * width + half;
  return {s.at(c, half, f32), s.at(z, half, f32), bias};
}

/// Channels c .. c+15 pooled over the slots: softmax per channel, then the
/// weighted sum, slots ascending.
static Val pool(Stage &s, attn::CompressOp op, const Window &window, Val c,
                int64_t valid) {
  Type f32 = s.b.getF32Type();
  auto logit = [&](const std::array<Val, 3> &slot) {
    Val z = s.loadLanes(slot[1], c, f32, valid);
    if (slot[2])
      z = z + s.loadLanes(s.address(op.getBias()), slot[2] + c,
                          element(op.getBias()), valid);
    return z;
  };
  Val lowest = s.spread(s.f32(-std::numeric_limits<float>::infinity()));
  Val largest = s.loop(window.low, window.high, 1, lowest,
                       [&](Val position, ArrayRef<Val> carried) {
                         Val z = logit(slotRow(s, op, window, position));
                         return SmallVector<Val>{max(z, carried[0])};
                       })[0];
  SmallVector<Val> sums =
      s.loop(window.low, window.high, 1, {s.zeroLanes(), s.zeroLanes()},
             [&](Val position, ArrayRef<Val> carried) {
               std::array<Val, 3> slot = slotRow(s, op, window, position);
               Val weight = exp(logit(slot) - largest);
               Val value = s.loadLanes(slot[0], c, f32, valid);
               return SmallVector<Val>{carried[0] + weight,
                                       fma(weight, value, carried[1])};
             });
  return sums[1] / sums[0];
}

void lower(attn::CompressOp op, Lowering &k) {
  plan::LogType into = op.getInto().getType();
  int64_t m = into.getEvery(), d = into.getShape().back();
  int64_t pooledBytes = paddedColumns(k.getTarget(), d) * 4;
  k.sums("cpu: lanes16; gpu: lanes128");
  k.stage({k.rows()},
          k.number(pooledBytes + rotationBytes(k.getTarget(), op.getRope())),
          [&](Stage &s) {
            Window window;
            window.token = token(s, op.getBatch(), s.x);
            window.high = window.token.position + 1;
            s.ifThen(eq(window.high % m, 0), [&] {
              window.own = window.high - m;
              window.low =
                  op.getOverlap() ? max(window.own - m, 0) : window.own;
              Numbers pooled = {s.scratch, s.b.getF32Type()};
              Val table = s.atBytes(s.scratch, s.i64(pooledBytes));
              s.chunks(d, [&](Val c, int64_t valid) {
                s.storeLanes(pool(s, op, window, c, valid), pooled, c, valid);
              });
              Val scale = inverseRms(sumOfSquares(s, pooled, s.i64(0), d), d,
                                     op.getEps().convertToFloat());
              s.chunks(d, [&](Val c, int64_t valid) {
                Val lanes = s.loadLanes(pooled, c, valid) * scale *
                            s.loadLanes(s.address(op.getNorm()), c,
                                        element(op.getNorm()), valid);
                s.storeLanes(lanes, pooled, c, valid);
              });
              rotation(s, op.getRope(), window.own, /*inverse=*/false, table);
              Val entry = window.own / m;
              Numbers row = {
                  logRow(s, s.log(op.getInto()), window.token.slot, entry),
                  into.getElementType()};
              if (!op.getRounding())
                return rotate(s, op.getRope(), table, pooled, s.i64(0), row,
                              s.i64(0), d);
              rotateInPlace(s, op.getRope(), table, pooled, d);
              s.sync();
              round(s, *op.getRounding(), pooled, d, row, s.i64(0));
            });
          });
}

} // namespace mlir::sluice::lower
