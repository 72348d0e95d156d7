#include "passes/lower/Math.h"
#include "passes/lower/Norm.h"
#include "passes/lower/Ops.h"
#include "passes/lower/Weight.h"

namespace mlir::sluice::lower {

static constexpr int64_t kBlockRows = 64;

static ArrayRef<int64_t> shape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}
static Type element(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

void lower(hc::ExpandOp op, Lowering &k) {
  int64_t n = shape(op.getStreams())[1], h = shape(op.getStreams())[2];
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Numbers x = s.numbers(op.getX()), streams = s.resultNumbers(0);
    s.chunks(h, [&](Val c, int64_t valid) {
      Val lanes = s.loadLanes(x, s.x * h + c, valid);
      for (int64_t j = 0; j < n; ++j)
        s.storeLanes(lanes, streams, s.x * (n * h) + c + j * h, valid);
    });
  });
}

/// The first stage of pre and head: products of the streams, as they lie, with
/// every row of fn, to buffer 0 [rows, outputs].
static void streamProducts(Lowering &k, Value streams, Value fn) {
  int64_t outputs = shape(fn)[0], columns = shape(fn)[1];
  int64_t blockOutputs = productOutputs(k.getTarget(), fn.getType());
  k.sums(productSums(fn.getType()));
  k.buffer(k.mul(k.rows(), outputs * 4));
  bool isRow = k.form() == Form::Rows;
  plan::ExprAttr parts = k.number((outputs + blockOutputs - 1) / blockOutputs);
  SmallVector<plan::ExprAttr> grid = {parts, k.ceilDiv(k.rows(), kBlockRows)};
  if (isRow)
    grid = {k.rows()};
  k.stage(
      grid, k.number(productScratch(k.getTarget(), columns)),
      [&](Stage &s) {
        Weight weight(s, fn.getType(), s.address(fn), Val());
        Numbers x = s.numbers(streams);
        Val m = s.buffer(0);
        Val lowOut = isRow ? s.i64(0) : s.x * blockOutputs;
        Val lowRow = isRow ? s.x : s.y * kBlockRows;
        products(
            s, k.getTarget(), weight, lowOut,
            isRow ? s.i64(outputs) : min(lowOut + blockOutputs, s.i64(outputs)),
            lowRow, isRow ? lowRow + 1 : min(lowRow + kBlockRows, s.rows()),
            [&](Val row) { return s.at(x, row * columns); },
            [&](Val row, Val out, Val sum) {
              s.store(sum, m, row * outputs + out);
            });
      },
      k.getTarget().productWarps);
}

/// `count` numbers of a small weight from `first` on, as f32 lanes.
static Val smallVector(Stage &s, Value weight, int64_t first, int64_t count) {
  Val base = s.address(weight);
  Type type = element(weight);
  if (type.isF32())
    return s.loadSmall(base, s.i64(first), type, count);
  Val bits = s.loadSmall(base, s.i64(first), s.b.getI16Type(), count);
  return bitsAsFloat(extendUnsigned(bits, 32) << 16);
}

/// x[row] = sum_j pre_j X[row, j], j ascending.
static void collapse(Stage &s, Value streams, Val pre, unsigned result) {
  int64_t n = shape(streams)[1], h = shape(streams)[2];
  Numbers X = s.numbers(streams), x = s.resultNumbers(result);
  s.chunks(h, [&](Val c, int64_t valid) {
    Val sum;
    for (int64_t j = 0; j < n; ++j) {
      Val stream = s.loadLanes(X, s.x * (n * h) + c + j * h, valid);
      sum = sum ? fma(lane(pre, j), stream, sum) : lane(pre, j) * stream;
    }
    s.storeLanes(sum, x, s.x * h + c, valid);
  });
}

/// The sum of the lanes of a short vector, ascending.
static Val sumAscending(Val x) {
  Val sum = lane(x, 0);
  for (int64_t i = 1; i < cast<VectorType>(x.type()).getDimSize(0); ++i)
    sum = sum + lane(x, i);
  return sum;
}

static Val maxAscending(Val x) {
  Val largest = lane(x, 0);
  for (int64_t i = 1; i < cast<VectorType>(x.type()).getDimSize(0); ++i)
    largest = max(lane(x, i), largest);
  return largest;
}

/// C = C / (sum over its rows of each column + eps)
static void normalizeColumns(SmallVector<Val> &rows, double eps) {
  Val sum = rows[0];
  for (Val row : ArrayRef<Val>(rows).drop_front())
    sum = sum + row;
  for (Val &row : rows)
    row = row / (sum + eps);
}

static void normalizeRows(SmallVector<Val> &rows, double eps) {
  for (Val &row : rows)
    row = row / (sumAscending(row) + eps);
}

/// The mixing matrix, row j a vector over k: softmax of the rows, then Sinkhorn
/// ending on columns.
static SmallVector<Val> sinkhorn(Stage &s, SmallVector<Val> rows, int64_t iters,
                                 double eps) {
  for (Val &row : rows) {
    Val e = exp(row - maxAscending(row));
    row = e / sumAscending(e) + eps;
  }
  normalizeColumns(rows, eps);
  return s.loop(s.i64(1), s.i64(iters), 1, rows,
                [&](Val, ArrayRef<Val> carried) {
                  SmallVector<Val> next(carried);
                  normalizeRows(next, eps);
                  normalizeColumns(next, eps);
                  return next;
                });
}

void lower(hc::PreOp op, Lowering &k) {
  ArrayRef<int64_t> X = shape(op.getStreams());
  int64_t n = X[1], h = X[2], outputs = (2 + n) * n;
  double eps = op.getEps().convertToFloat();
  double normEps = op.getNormEps().convertToFloat();
  streamProducts(k, op.getStreams(), op.getFn());
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Val sum = sumOfSquares(s, s.numbers(op.getStreams()), s.x * (n * h), n * h);
    Val scale = inverseRms(sum, n * h, normEps);
    Val mul = smallVector(s, op.getMul(), 0, 3);
    // Numbers first .. first+n-1 of the site, scaled and shifted.
    auto part = [&](int64_t first, int64_t kind) {
      Val m =
          s.loadSmall(s.buffer(0), s.x * outputs + first, s.b.getF32Type(), n);
      return m * scale * lane(mul, kind) +
             smallVector(s, op.getBase(), first, n);
    };
    Val pre = sigmoid(part(0, 0)) + eps;
    Val post = sigmoid(part(n, 1)) * 2.0;
    SmallVector<Val> rows;
    for (int64_t j = 0; j < n; ++j)
      rows.push_back(part(2 * n + j * n, 2));
    rows = sinkhorn(s, rows, op.getIters(), eps);
    collapse(s, op.getStreams(), pre, 0);
    s.storeSmall(post, s.result(1), s.x * n);
    for (int64_t j = 0; j < n; ++j)
      s.storeSmall(rows[j], s.result(2), s.x * (n * n) + (j * n));
  });
}

void lower(hc::HeadOp op, Lowering &k) {
  ArrayRef<int64_t> X = shape(op.getStreams());
  int64_t n = X[1], h = X[2];
  streamProducts(k, op.getStreams(), op.getFn());
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Val sum = sumOfSquares(s, s.numbers(op.getStreams()), s.x * (n * h), n * h);
    Val scale = inverseRms(sum, n * h, op.getNormEps().convertToFloat());
    Val m = s.loadSmall(s.buffer(0), s.x * n, s.b.getF32Type(), n);
    Val mul = lane(smallVector(s, op.getMul(), 0, 1), 0);
    Val pre = sigmoid(m * scale * mul + smallVector(s, op.getBase(), 0, n)) +
              op.getEps().convertToFloat();
    collapse(s, op.getStreams(), pre, 0);
  });
}

void lower(hc::PostOp op, Lowering &k) {
  ArrayRef<int64_t> X = shape(op.getStreams());
  int64_t n = X[1], h = X[2];
  k.stage({k.rows()}, k.number(0), [&](Stage &s) {
    Numbers streams = s.numbers(op.getStreams()), y = s.numbers(op.getY());
    Val post = s.address(op.getPost()), comb = s.address(op.getComb());
    Numbers out = s.resultNumbers(0);
    s.chunks(h, [&](Val c, int64_t valid) {
      SmallVector<Val> x;
      for (int64_t j = 0; j < n; ++j)
        x.push_back(s.loadLanes(streams, s.x * (n * h) + c + j * h, valid));
      Val block = s.loadLanes(y, s.x * h + c, valid);
      for (int64_t to = 0; to < n; ++to) {
        Val sum;
        for (int64_t j = 0; j < n; ++j) {
          Val weight = s.loadF32(comb, s.x * (n * n) + (j * n + to));
          sum = sum ? fma(weight, x[j], sum) : weight * x[j];
        }
        sum = fma(s.loadF32(post, s.x * n + to), block, sum);
        s.storeLanes(sum, out, s.x * (n * h) + c + to * h, valid);
      }
    });
  });
}

void lower(hc::NormOp op, Lowering &k) {
  int64_t columns = shape(op.getX())[1], heads = op.getHeads();
  int64_t d = columns / heads;
  k.sums("cpu: lanes16; gpu: lanes128");
  bool isHead = k.form() == Form::Heads;
  SmallVector<plan::ExprAttr> grid{k.rows()};
  if (isHead)
    grid.push_back(k.number(heads));
  k.stage(grid, k.number(0), [&](Stage &s) {
    Numbers x = s.numbers(op.getX()), y = s.resultNumbers(0);
    Val low = isHead ? s.y : s.i64(0);
    s.loop(low, isHead ? low + 1 : s.i64(heads), 1, [&](Val head) {
      Val base = s.x * columns + head * d;
      Val scale = inverseRms(sumOfSquares(s, x, base, d), d,
                             op.getEps().convertToFloat());
      s.chunks(d, [&](Val c, int64_t valid) {
        Val lanes = s.loadLanes(x, base + c, valid) * scale;
        if (op.getW())
          lanes = lanes * s.loadLanes(s.address(op.getW()), c,
                                      element(op.getW()), valid);
        s.storeLanes(lanes, y, base + c, valid);
      });
    });
  });
}

} // namespace mlir::sluice::lower
