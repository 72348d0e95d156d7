#include "passes/lower/Alignment.h"
#include "passes/lower/Math.h"
#include "passes/lower/Ops.h"
#include "passes/lower/Tiles.h"
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
    if (op.getTable())
      chooseByTable(s, op, chosen);
    else
      chooseBest(s, op, scores, keys, chosen, experts);
    s.sync(); // so far a thread has read the scores that it stored
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
  // Padded: where three of four words are wanted, LLVM loads all four.
  int64_t cursorBytes = llvm::alignTo(count * 4, 16);
  k.stage({k.number(1)}, k.number(cursorBytes), [&](Stage &s) {
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

MatmulTiles::MatmulTiles(moe::MatmulOp op, Lowering &k)
    : op(op), blockOutputs(productOutputs(k.getTarget(), op.getW().getType())) {
  ArrayRef<int64_t> w = scaled::weightShape(op.getW().getType());
  outputs = w[1];
  grid = {k.number((outputs + blockOutputs - 1) / blockOutputs),
          k.number(w[0])};
}

Tile MatmulTiles::at(Stage &s) {
  auto [lowRow, highRow] = s.loadIndexPair(s.address(op.getOffsets()), s.y);
  Val lowOut = s.x * blockOutputs;
  return {lowOut, min(lowOut + blockOutputs, s.i64(outputs)), lowRow, highRow};
}

void lower(moe::MatmulOp op, Lowering &k) {
  Type type = op.getW().getType();
  int64_t outputs = scaled::weightShape(type)[1];
  int64_t columns = scaled::weightShape(type)[2];
  // Several may lie in one tensor.
  int64_t matrixBytes =
      outputs * columns *
      scaled::weightElementType(type).getIntOrFloatBitWidth() / 8;
  bool scaled = isa<scaled::ScaledTensorType>(type);
  MatmulTiles tiles(op, k);
  k.sums(productSums(type));
  k.stage(
      tiles.grid, k.number(productScratch(k.getTarget(), columns)),
      [&](Stage &s) {
        Type pointer = s.pointer();
        Val expert = s.y;
        Tile tile = tiles.at(s);
        s.ifThen(lt(tile.lowRow, tile.highRow), [&] {
          auto entry = [&](Val table) {
            Val address = s.load(table, expert, pointer);
            setAlignment(address, std::gcd(kTensorBytes, matrixBytes));
            return address;
          };
          Val elements = entry(s.address(op.getW()));
          Val scales = scaled ? entry(s.scales(op.getW())) : Val();
          Weight weight(s, type, elements, scales);
          Numbers x = s.numbers(op.getX()), y = s.resultNumbers(0);
          products(
              s, k.getTarget(), weight, tile.lowOut, tile.highOut, tile.lowRow,
              tile.highRow,
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

/// Columns [c, c + valid) of row p.
static void gluLanes(Stage &s, moe::GluOp op, Val p, Val c, int64_t valid,
                     Val times) {
  Val at = p * shape(op.getGate())[1] + c;
  Val g = s.loadLanes(s.numbers(op.getGate()), at, valid);
  Val u = s.loadLanes(s.numbers(op.getUp()), at, valid);
  if (op.getLimit()) {
    double limit = op.getLimit()->convertToFloat();
    // Written so that a NaN stays one.
    g = select(gt(g, limit), g.like(limit), g);
    u = select(gt(u, limit), u.like(limit), u);
    u = select(lt(u, -limit), u.like(-limit), u);
  }
  Val y = g * sigmoid(g) * u;
  s.storeLanes(times ? y * times : y, s.resultNumbers(0), at, valid);
}

/// The routing weight of row p, if that is applied here.
static Val timesOf(Stage &s, moe::GluOp op, Val p) {
  if (!op.getTimes())
    return {};
  return s.loadF32(s.address(op.getTimes()),
                   s.loadIndex(s.address(op.getRow()), p));
}

/// A block goes on with its tile of both products; its warps share the rows.
template <typename Tiles>
static void lowerGluTile(moe::GluOp op, Tiles tiles, int64_t outputs,
                         Lowering &k) {
  int64_t warps = k.getTarget().productWarps;
  k.stage(
      tiles.grid, k.number(0),
      [&](Stage &s) {
        Tile tile = tiles.at(s);
        s.loop(tile.lowRow + s.warp, tile.highRow,
               k.getTarget().isGpu() ? warps : 1, [&](Val p) {
                 Val times = timesOf(s, op, p);
                 auto columns = [&](int64_t count) {
                   s.chunks(count, [&](Val c, int64_t valid) {
                     gluLanes(s, op, p, tile.lowOut + c, valid, times);
                   });
                 };
                 int64_t rest = outputs % tiles.blockOutputs;
                 if (rest == 0)
                   return columns(tiles.blockOutputs);
                 if (rest == outputs)
                   return columns(rest);
                 s.ifElse(
                     eq(tile.highOut - tile.lowOut, tiles.blockOutputs),
                     [&] { columns(tiles.blockOutputs); },
                     [&] { columns(rest); });
               });
      },
      warps);
}

void lower(moe::GluOp op, Lowering &k) {
  Operation *product = op.getGate().getDefiningOp();
  if (k.form() == Form::Tile) {
    if (auto linear = dyn_cast<scaled::LinearOp>(product)) {
      LinearTiles tiles(linear, k);
      return lowerGluTile(op, tiles, tiles.perGroup, k);
    }
    MatmulTiles tiles(cast<moe::MatmulOp>(product), k);
    return lowerGluTile(op, tiles, tiles.outputs, k);
  }
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Val times = timesOf(s, op, s.x);
    s.chunks(shape(op.getGate())[1], [&](Val c, int64_t valid) {
      gluLanes(s, op, s.x, c, valid, times);
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
