#include "passes/lower/Alignment.h"
#include "passes/lower/Math.h"
#include "passes/lower/Ops.h"
#include "passes/lower/TopK.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

// What the address of a tensor is a multiple of, on a GPU.
static constexpr int64_t kTensorBytes = 256;

static ArrayRef<int64_t> shape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}
static Type element(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// scores[0 .. E) of the block's row from its logits.
static void score(Stage &s, moe::Scoring scoring, Val logits, Val scores,
                  int64_t experts) {
  Type f32 = s.b.getF32Type();
  Val row = s.x * experts;
  auto each = [&](function_ref<Val(Val)> of) {
    s.chunks(experts, [&](Val e, int64_t valid) {
      s.storeLanes(of(s.loadLanes(logits, row + e, f32, valid)), scores, e,
                   valid);
    });
  };
  switch (scoring) {
  case moe::Scoring::None:
    return each([](Val x) { return x; });
  case moe::Scoring::Sigmoid:
    return each([](Val x) { return sigmoid(x); });
  case moe::Scoring::SqrtSoftplus:
    return each([](Val x) { return sqrt(softplus(x)); });
  case moe::Scoring::Softmax:
    break;
  }
  Val largest = s.loop(s.i64(0), s.i64(experts), 1,
                       s.f32(-std::numeric_limits<float>::infinity()),
                       [&](Val e, ArrayRef<Val> carried) {
                         return SmallVector<Val>{
                             max(s.loadF32(logits, row + e), carried[0])};
                       })[0];
  each([&](Val x) { return exp(x - largest); });
  s.sync();
  Val sum = s.loop(s.i64(0), s.i64(experts), 1, s.f32(0),
                   [&](Val e, ArrayRef<Val> carried) {
                     return SmallVector<Val>{carried[0] + s.loadF32(scores, e)};
                   })[0];
  s.sync();
  s.chunks(experts, [&](Val e, int64_t valid) {
    s.storeLanes(s.loadLanes(scores, e, f32, valid) / sum, scores, e, valid);
  });
}

/// The K experts of the row's token from the table, ascending: each goes to the
/// place that counts the smaller ones.
static void chooseByTable(Stage &s, moe::RouteOp op, Val chosen) {
  int64_t k = op.getTopK();
  Type type = element(op.getTable());
  Val token = s.loadIndex(s.address(op.getIds()), s.x);
  SmallVector<Val> experts;
  for (int64_t j = 0; j < k; ++j) {
    Val e = s.load(s.address(op.getTable()), token * k + j, type);
    experts.push_back(type.isInteger(64) ? truncate(e, 32) : e);
  }
  for (int64_t j = 0; j < k; ++j) {
    Val place = s.i64(0);
    for (int64_t i = 0; i < k; ++i)
      if (i != j)
        place = place + extendUnsigned(i < j ? le(experts[i], experts[j])
                                             : lt(experts[i], experts[j]),
                                       64);
    s.store(experts[j], chosen, place);
  }
}

static void chooseBest(Stage &s, moe::RouteOp op, Val scores, Val keys,
                       Val chosen, int64_t experts) {
  Type f32 = s.b.getF32Type();
  s.chunks(experts, [&](Val e, int64_t valid) {
    Val key = s.loadLanes(scores, e, f32, valid);
    if (op.getBias())
      key = key + s.loadLanes(s.address(op.getBias()), e, element(op.getBias()),
                              valid);
    // Lanes past the last expert hold key 0, which never counts.
    s.storeLanes(s.spread(s.i32(0)), keys, e);
    s.storeLanes(sortKey(key), keys, e, valid);
  });
  topK(s, keys, s.i64(experts), op.getTopK(),
       [&](Val place, Val e) { s.store(truncate(e, 32), chosen, place); });
}

void lower(moe::RouteOp op, Lowering &k) {
  int64_t experts = shape(op.getLogits())[1], top = op.getTopK();
  int64_t padded = paddedColumns(k.getTarget(), experts);
  k.stage({k.rows()}, k.number(2 * padded * 4), [&](Stage &s) {
    Type f32 = s.b.getF32Type(), i32 = s.b.getI32Type();
    Val scores = s.scratch, keys = s.at(s.scratch, s.i64(padded), f32);
    Val chosen = s.at(s.result(1), s.x * top, i32);
    score(s, op.getScoring(), s.address(op.getLogits()), scores, experts);
    s.sync();
    if (op.getTable())
      chooseByTable(s, op, chosen);
    else
      chooseBest(s, op, scores, keys, chosen, experts);
    s.sync();
    SmallVector<Val> ids, picked;
    Val sum = s.f32(1e-20f);
    for (int64_t j = 0; j < top; ++j) {
      // Ids of a damaged table must not lead out of the scores.
      Val e = s.loadIndex(chosen, s.i64(j));
      ids.push_back(select(ult(e, e.like(experts)), e, e.like(0)));
      picked.push_back(s.loadF32(scores, ids.back()));
      sum = sum + picked.back();
    }
    s.sync();
    for (int64_t j = 0; j < top; ++j)
      s.store(truncate(ids[j], 32), chosen, s.i64(j));
    for (int64_t j = 0; j < top; ++j)
      s.store(picked[j] / sum * op.getScale().convertToFloat(), s.result(0),
              s.x * top + j);
  });
}

void lower(moe::GroupOp op, Lowering &k) {
  int64_t count = op.getCount();
  // Counting sort in one block: rows of different tokens meet here, as
  // integers.
  k.stage({k.number(1)}, k.number(count * 4), [&](Stage &s) {
    Val experts = s.address(op.getExperts()), cursor = s.scratch;
    Val row = s.result(0), offsets = s.result(1), place = s.result(2);
    s.single([&] {
      s.loop(s.i64(0), s.i64(count), 1,
             [&](Val e) { s.store(s.i32(0), cursor, e); });
      s.loop(s.i64(0), s.rows(), 1, [&](Val a) {
        Val e = s.loadIndex(experts, a);
        s.store(s.loadI32(cursor, e) + 1, cursor, e);
      });
      Val total = s.loop(s.i64(0), s.i64(count), 1, s.i32(0),
                         [&](Val e, ArrayRef<Val> carried) {
                           Val own = s.loadI32(cursor, e);
                           s.store(carried[0], offsets, e);
                           s.store(carried[0], cursor, e);
                           return SmallVector<Val>{carried[0] + own};
                         })[0];
      s.store(total, offsets, s.i64(count));
      s.loop(s.i64(0), s.rows(), 1, [&](Val a) {
        Val e = s.loadIndex(experts, a);
        Val to = s.loadI32(cursor, e);
        s.store(to + 1, cursor, e);
        s.store(truncate(a, 32), row, extendSigned(to, 64));
        s.store(to, place, a);
      });
    });
  });
}

void lower(moe::MatmulOp op, Lowering &k) {
  Type type = op.getW().getType();
  ArrayRef<int64_t> w = scaled::weightShape(type);
  int64_t experts = w[0], outputs = w[1], columns = w[2];
  // Several may lie in one tensor.
  int64_t matrixBytes =
      outputs * columns *
      scaled::weightElementType(type).getIntOrFloatBitWidth() / 8;
  bool scaled = isa<scaled::ScaledTensorType>(type);
  int64_t blockOutputs = productOutputs(k.getTarget(), type);
  k.sums(productSums(type));
  k.stage(
      {k.number((outputs + blockOutputs - 1) / blockOutputs),
       k.number(experts)},
      k.number(productScratch(k.getTarget(), columns)),
      [&](Stage &s) {
        Type pointer = s.pointer();
        Val expert = s.y, offsets = s.address(op.getOffsets());
        auto [lowRow, highRow] = s.loadIndexPair(offsets, expert);
        s.ifThen(lt(lowRow, highRow), [&] {
          auto entry = [&](Val table) {
            Val address = s.load(table, expert, pointer);
            setAlignment(address, std::gcd(kTensorBytes, matrixBytes));
            return address;
          };
          Val elements = entry(s.address(op.getW()));
          Val scales = scaled ? entry(s.scales(op.getW())) : Val();
          Weight weight(s, type, elements, scales);
          Numbers x = s.numbers(op.getX()), y = s.resultNumbers(0);
          Val lowOut = s.x * blockOutputs;
          products(
              s, k.getTarget(), weight, lowOut,
              min(lowOut + blockOutputs, s.i64(outputs)), lowRow, highRow,
              [&](Val p) {
                if (op.getRow())
                  p = s.loadIndex(s.address(op.getRow()), p) / op.getFan();
                return s.at(x, p * columns);
              },
              [&](Val p, Val out, Val sum) {
                s.storeNumber(sum, y, p * outputs + out);
              });
        });
      },
      k.getTarget().productWarps);
}

void lower(moe::GluOp op, Lowering &k) {
  int64_t columns = shape(op.getGate())[1];
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Numbers gate = s.numbers(op.getGate()), up = s.numbers(op.getUp());
    Val times;
    if (op.getTimes()) {
      Val assignment = s.loadIndex(s.address(op.getRow()), s.x);
      times = s.loadF32(s.address(op.getTimes()), assignment);
    }
    s.chunks(columns, [&](Val c, int64_t valid) {
      Val at = s.x * columns + c;
      Val g = s.loadLanes(gate, at, valid);
      Val u = s.loadLanes(up, at, valid);
      if (op.getLimit()) {
        double limit = op.getLimit()->convertToFloat();
        // Written so that a NaN stays one.
        g = select(gt(g, limit), g.like(limit), g);
        u = select(gt(u, limit), u.like(limit), u);
        u = select(lt(u, -limit), u.like(-limit), u);
      }
      Val y = g * sigmoid(g) * u;
      s.storeLanes(times ? y * times : y, s.resultNumbers(0), at, valid);
    });
  });
}

void lower(moe::CombineOp op, Lowering &k) {
  int64_t columns = shape(op.getY())[1], top = shape(op.getPlace())[1];
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Numbers y = s.numbers(op.getY()), out = s.resultNumbers(0);
    SmallVector<Val> weights, rows;
    for (int64_t j = 0; j < top; ++j) {
      Val at = s.x * top + j;
      if (op.getWeights())
        weights.push_back(s.loadF32(s.address(op.getWeights()), at));
      rows.push_back(s.loadIndex(s.address(op.getPlace()), at) * columns);
    }
    s.chunks(columns, [&](Val c, int64_t valid) {
      Val sum = s.zeroLanes();
      for (int64_t j = 0; j < top; ++j) {
        Val lanes = s.loadLanes(y, rows[j] + c, valid);
        sum = op.getWeights() ? fma(s.spread(weights[j]), lanes, sum)
                              : sum + lanes;
      }
      Val at = s.x * columns + c;
      if (op.getPlus())
        sum = sum + s.loadLanes(s.numbers(op.getPlus()), at, valid);
      s.storeLanes(sum, out, at, valid);
    });
  });
}

} // namespace mlir::sluice::lower
