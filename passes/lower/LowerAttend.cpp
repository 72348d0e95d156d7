#include "passes/lower/Alignment.h"
#include "passes/lower/Math.h"
#include "passes/lower/Ops.h"
#include "passes/lower/State.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

// Keys share a block by absolute row (of a list: by place), so that which keys
// are summed together depends on the token alone. Their scores are whole
// vectors.
static int64_t blockKeys(const Target &target) {
  return std::max<int64_t>(64, target.lanes);
}

// Keys that share a read of the query, and vectors of the sums that share a
// read of a weight: what registers hold.
static constexpr int64_t kTogether = 4;

namespace {
/// One head of one row over its sources: a running maximum and sum, and the
/// weighted keys so far in scratch.
class Attention {
public:
  Attention(Stage &s, attn::AttendOp op)
      : s(s), op(op), d(op.getRows().getType().getDimSize(1)),
        heads(op.getHeads()), keys(blockKeys(s.getTarget())), scores(s.scratch),
        rows(s.atBytes(s.scratch, s.i64(keys * 4))),
        sums(s.atBytes(s.scratch, s.i64(keys * 12))),
        largest(s.f32(-std::numeric_limits<float>::infinity())),
        total(s.f32(0)) {
    keyBytes = d * keyElement().getIntOrFloatBitWidth() / 8;
    s.chunks(d, [&](Val c, int64_t) { s.storeLanes(s.zeroLanes(), sums, c); });
  }

  static int64_t scratchBytes(const Target &target, int64_t d) {
    return blockKeys(target) * 12 + paddedColumns(target, d) * 4;
  }

  /// Adds keys low .. high-1 of a source; rowOf(i) is the address of key i.
  void add(Val low, Val high, function_ref<Val(Val)> rowOf) {
    Val firstBlock = low / keys;
    Val endBlock = (high + (keys - 1)) / keys;
    SmallVector<Val> state =
        s.loop(firstBlock, endBlock, 1, {largest, total},
               [&](Val block, ArrayRef<Val> carried) {
                 Val start = block * keys;
                 Val from = max(low, start) - start;
                 Val to = min(high, start + keys) - start;
                 return addBlock(from, to, carried, [&](Val place) {
                   return rowOf(start + place);
                 });
               });
    largest = state[0];
    total = state[1];
  }

  /// Divides by the total, the sink included, and stores the head.
  void finish() {
    Val scale = s.f32(1);
    Val denominator = total;
    if (op.getSinks()) {
      Type type = op.getSinks().getType().getElementType();
      Val sink = s.loadNumber(s.address(op.getSinks()), s.y, type);
      Val top = max(sink, largest);
      scale = exp(largest - top);
      denominator = fma(total, scale, exp(sink - top));
    }
    Numbers o = s.resultNumbers(0);
    Val at = s.x * (heads * d) + s.y * d;
    s.chunks(d, [&](Val c, int64_t valid) {
      s.storeLanes(s.loadLanes(sums, c, s.b.getF32Type(), valid) * scale /
                       denominator,
                   o, at + c, valid);
    });
  }

private:
  /// Of keys in the step and in every log alike.
  Type keyElement() { return getElementTypeOrSelf(op.getRows()); }

  /// The address of a key of this block.
  Val keyAt(Val place) {
    Val key = s.load(rows, place, s.pointer());
    setAlignment(key, keyBytes);
    return key;
  }

  /// The scores of `count` keys from `place` on: one read of the query.
  void score(Val place, int64_t count, function_ref<Val(Val)> rowOf) {
    Numbers q = s.numbers(op.getQ());
    Val at = s.x * (heads * d) + s.y * d;
    SmallVector<Val> found;
    for (int64_t i = 0; i < count; ++i) {
      found.push_back(rowOf(place + i));
      s.store(found[i], rows, place + i);
    }
    SmallVector<Val> zero(count, s.zeroLanes());
    SmallVector<Val> dots =
        s.chunks(d, zero, [&](Val c, int64_t valid, ArrayRef<Val> carried) {
          Val query = s.loadLanes(q, at + c, valid);
          SmallVector<Val> next;
          for (int64_t i = 0; i < count; ++i)
            next.push_back(fma(
                query, s.loadLanes(Numbers{found[i], keyElement()}, c, valid),
                carried[i]));
          return next;
        });
    s.sumEach(dots, [&](Val i, Val sum) {
      s.store(sum * op.getScale().convertToFloat(), scores, place + i);
    });
  }

  /// Adds the keys of a block, weighted, to `count` vectors of the sums from
  /// column c on; the last has `valid` elements.
  void addKeys(Val from, Val to, Val shrink, Val c, int64_t count,
               int64_t valid) {
    Type f32 = s.b.getF32Type();
    auto width = [&](int64_t i) { return i + 1 < count ? s.lanes() : valid; };
    SmallVector<Val> start;
    for (int64_t i = 0; i < count; ++i)
      start.push_back(s.loadLanes(sums, c + i * s.lanes(), f32, width(i)) *
                      shrink);
    SmallVector<Val> next =
        s.loop(from, to, 1, start, [&](Val place, ArrayRef<Val> carried) {
          Numbers key = {keyAt(place), keyElement()};
          Val p = s.spread(s.loadF32(scores, place));
          SmallVector<Val> added;
          for (int64_t i = 0; i < count; ++i)
            added.push_back(fma(
                p, s.loadLanes(key, c + i * s.lanes(), width(i)), carried[i]));
          return added;
        });
    for (int64_t i = 0; i < count; ++i)
      s.storeLanes(next[i], sums, c + i * s.lanes(), width(i));
  }

  SmallVector<Val> addBlock(Val from, Val to, ArrayRef<Val> state,
                            function_ref<Val(Val)> rowOf) {
    Type f32 = s.b.getF32Type();
    s.sync(); // the block before has been read
    Val lowest = s.spread(s.f32(-std::numeric_limits<float>::infinity()));
    for (int64_t i = 0; i < keys; i += s.lanes())
      s.storeLanes(lowest, scores, s.i64(i));
    s.sync();
    Val whole = from + (to - from) / kTogether * kTogether;
    s.loop(from, whole, kTogether,
           [&](Val place) { score(place, kTogether, rowOf); });
    s.loop(whole, to, 1, [&](Val place) { score(place, 1, rowOf); });
    s.sync();

    Val best = lowest;
    for (int64_t i = 0; i < keys; i += s.lanes())
      best = max(s.loadLanes(scores, s.i64(i), f32), best);
    Val top = max(s.maxLanes(best), state[0]);
    Val shrink = exp(state[0] - top);
    Val sum = s.zeroLanes();
    for (int64_t i = 0; i < keys; i += s.lanes()) {
      Val p = exp(s.loadLanes(scores, s.i64(i), f32) - top);
      s.storeLanes(p, scores, s.i64(i));
      sum = sum + p;
    }
    s.sync();
    int64_t columns = kTogether * s.lanes(), done = d / columns * columns;
    s.loop(s.i64(0), s.i64(done), columns,
           [&](Val c) { addKeys(from, to, shrink, c, kTogether, s.lanes()); });
    if (int64_t rest = d - done) {
      int64_t count = (rest + s.lanes() - 1) / s.lanes();
      addKeys(from, to, shrink, s.i64(done), count,
              rest - (count - 1) * s.lanes());
    }
    return {top, fma(state[1], shrink, s.sumLanes(sum))};
  }

  Stage &s;
  attn::AttendOp op;
  int64_t d, heads, keys;
  int64_t keyBytes = 0;   // what divides the address of every key
  Val scores, rows, sums; // scratch: `keys` f32, as many addresses, d f32
  Val largest, total;
};
} // namespace

void lower(attn::AttendOp op, Lowering &k) {
  int64_t d = op.getRows().getType().getDimSize(1);
  k.sums("cpu: keys64, lanes16; gpu: keys128, lanes128");
  k.stage({k.rows(), k.number(op.getHeads())},
          k.number(Attention::scratchBytes(k.getTarget(), d)), [&](Stage &s) {
            Token t = token(s, op.getBatch(), s.x);
            Attention attention(s, op);
            Log window = s.log(op.getWindow());
            Val end = t.position + 1;
            Val low = max(end - window.type.getKeep(), 0);
            attention.add(low, end, [&](Val position) {
              return stepRowOr(s, t, position, s.numbers(op.getRows()), d,
                               logRow(s, window, t.slot, position));
            });
            if (op.getEntries()) {
              Log entries = s.log(op.getEntries());
              Val visible = end / entries.type.getEvery();
              if (op.getPicked()) {
                int64_t top = op.getPicked().getType().getDimSize(1);
                Val list = s.at(s.address(op.getPicked()), s.x * top,
                                s.b.getI32Type());
                attention.add(s.i64(0), min(visible, top), [&](Val place) {
                  return logRow(s, entries, t.slot, s.loadIndex(list, place));
                });
              } else {
                attention.add(s.i64(0), visible, [&](Val row) {
                  return logRow(s, entries, t.slot, row);
                });
              }
            }
            attention.finish();
          });
}

} // namespace mlir::sluice::lower
