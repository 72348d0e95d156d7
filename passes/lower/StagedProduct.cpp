#include "passes/lower/StagedProduct.h"

#include "dialects/scaled/ScaledTypes.h"
#include "passes/lower/Alignment.h"

namespace mlir::sluice::lower {

// Shared memory is counted in quads: 4 f32, what one thread copies or reads at
// once. A chunk is a warp's 32 quads; a piece one chunk for each warp.
static constexpr int64_t kQuad = Weight::kQuad, kQuadBytes = 16;

// Outputs of a warp, for a tile of rows and for one row: as many as registers
// hold.
static constexpr int64_t kTileOutputs = 2, kRowOutputs = 8, kRowOutputsFp4 = 16;

static int64_t rowOutputs(Type type) {
  if (isNarrow(type))
    return 1;
  return isa<Float4E2M1FNType>(scaled::weightElementType(type)) ? kRowOutputsFp4
                                                                : kRowOutputs;
}

int64_t stagedOutputs(const Target &target, Type type) {
  return target.productWarps * rowOutputs(type);
}

/// Quads between a row's pieces: the most that a layout takes.
static int64_t rowQuads(const Target &target) {
  return target.productWarps * (target.threads + kQuad);
}

int64_t stagedScratch(const Target &target) {
  return 2 * target.tileRows * rowQuads(target) * kQuadBytes;
}

namespace {

class StagedProduct {
public:
  StagedProduct(Stage &s, const Target &target, Weight &weight)
      : s(s), weight(weight), target(target), wide(weight.wideChunks()),
        columns(weight.getColumns()), warps(target.productWarps),
        chunkQuads(target.threads + (wide == 1 ? 0 : 2 * kQuad / wide)),
        thread(s.threadOfWarp()) {}

  /// The sums over columns, not yet over lanes: of weight row 0 with each row
  /// of x, and so on. All warps of the block come here together.
  /// `oneScale`: the outputs share their scales.
  SmallVector<Val> sums(ArrayRef<Numbers> rows, ArrayRef<Val> outputs,
                        bool oneScale);

private:
  /// Where chunks lie in a piece. A thread's 16 bytes of weights meet `wide`
  /// quads of x, which lie in as many chunks; they are put so that both the
  /// threads that write and those that read touch different banks.
  Val quadOf(Val chunk, bool isWide);
  Val quad(int64_t buffer, int64_t row, Val index) {
    return quad(s.i64(buffer), row, index);
  }
  Val quad(Val buffer, int64_t row, Val index) {
    int64_t quads = rowQuads(target);
    return (buffer * (target.tileRows * quads) + (index + row * quads)) * kQuad;
  }

  void stage(Val buffer, ArrayRef<Numbers> rows, Val column, int64_t chunks,
             int64_t rest, bool isWide);
  void copy(ArrayRef<Numbers> rows, Val buffer, Val from, Val to,
            int64_t valid);
  void staged() {
    s.awaitCopies();
    s.syncBlock();
  }

  /// The scale of each output, read once if they share it.
  SmallVector<Val> scalesOf(ArrayRef<Val> outputs,
                            function_ref<Val(Val)> scaleOf);
  /// Adds `groups` times `wide` chunks from `column` on.
  SmallVector<Val> addWide(Val buffer, Val column, int64_t groups,
                           ArrayRef<Val> outputs, ArrayRef<Val> carried);
  SmallVector<Val> addGroup(Val buffer, Val column, Val group,
                            ArrayRef<Val> outputs, ArrayRef<Val> carried);
  /// Adds one chunk, as narrow loads, its first `valid` columns.
  SmallVector<Val> addChunk(Val buffer, Val column, int64_t chunk,
                            int64_t valid, ArrayRef<Val> outputs,
                            ArrayRef<Val> carried);

  Stage &s;
  Weight &weight;
  const Target &target;
  int64_t wide, columns, warps;
  int64_t chunkQuads; // of a wide piece, with what keeps banks apart
  Val thread;
  int64_t rowCount = 0;
  bool oneScale = false;
};

Val StagedProduct::quadOf(Val chunk, bool isWide) {
  if (!isWide || wide == 1)
    return chunk * target.threads + thread;
  // Quad v of a group belongs to thread v / wide, as its quad v % wide.
  Val group = chunk / wide;
  Val owner = chunk % wide * (target.threads / wide) + thread / wide;
  return group * (wide * chunkQuads) + thread % wide * chunkQuads + owner;
}

void StagedProduct::copy(ArrayRef<Numbers> rows, Val buffer, Val from, Val to,
                         int64_t valid) {
  bool isAsync = rows[0].element.isF32() && columns % kQuad == 0;
  auto all = [&] {
    for (auto [r, row] : llvm::enumerate(rows)) {
      Val place = quad(buffer, int64_t(r), to);
      Val own = from + thread * kQuad;
      if (isAsync)
        s.copyQuad(s.at(s.scratch, place, row.element),
                   s.at(row.base, own, row.element));
      else
        s.storeOwn(s.loadLanes(row, from, valid), s.scratch, place);
    }
  };
  if (isAsync && valid < target.lanes)
    s.ifThen(lt(thread * kQuad, s.i64(valid)), all);
  else
    all();
}

void StagedProduct::stage(Val buffer, ArrayRef<Numbers> rows, Val column,
                          int64_t chunks, int64_t rest, bool isWide) {
  Val from = column + s.warp * target.lanes, to = quadOf(s.warp, isWide);
  if (chunks == warps)
    return copy(rows, buffer, from, to, target.lanes);
  if (chunks > 0)
    s.ifThen(lt(s.warp, s.i64(chunks)),
             [&] { copy(rows, buffer, from, to, target.lanes); });
  if (rest > 0)
    s.ifThen(eq(s.warp, chunks), [&] { copy(rows, buffer, from, to, rest); });
}

SmallVector<Val> StagedProduct::scalesOf(ArrayRef<Val> outputs,
                                         function_ref<Val(Val)> scaleOf) {
  SmallVector<Val> scales;
  for (Val output : outputs)
    scales.push_back(scales.empty() || !oneScale ? scaleOf(output) : scales[0]);
  return scales;
}

SmallVector<Val> StagedProduct::addGroup(Val buffer, Val column, Val group,
                                         ArrayRef<Val> outputs,
                                         ArrayRef<Val> carried) {
  Val k = column + group * (wide * target.lanes);
  SmallVector<Val> weights;
  for (Val output : outputs)
    weights.push_back(weight.wideLanes(output, k));
  SmallVector<Val> scales = scalesOf(
      outputs, [&](Val output) { return weight.wideScale(output, k); });
  SmallVector<Val> next(carried);
  for (int64_t q = 0; q < wide; ++q) {
    SmallVector<Val> x;
    for (int64_t r = 0; r < rowCount; ++r)
      x.push_back(s.loadQuad(s.scratch, quad(buffer, r,
                                             group * (wide * chunkQuads) +
                                                 q * chunkQuads + thread)));
    for (size_t c = 0; c < outputs.size(); ++c) {
      Val w = Weight::scaled(weight.decodeQuad(weights[c], q), scales[c]);
      for (int64_t r = 0; r < rowCount; ++r) {
        Val &sum = next[c * rowCount + r];
        sum = fma(x[r], w, sum);
      }
    }
  }
  return next;
}

SmallVector<Val> StagedProduct::addWide(Val buffer, Val column, int64_t groups,
                                        ArrayRef<Val> outputs,
                                        ArrayRef<Val> carried) {
  if (groups == 1)
    return addGroup(buffer, column, s.i64(0), outputs, carried);
  return s.loop(s.i64(0), s.i64(groups), 1, carried,
                [&](Val group, ArrayRef<Val> sums) {
                  return addGroup(buffer, column, group, outputs, sums);
                });
}

SmallVector<Val> StagedProduct::addChunk(Val buffer, Val column, int64_t chunk,
                                         int64_t valid, ArrayRef<Val> outputs,
                                         ArrayRef<Val> carried) {
  SmallVector<Val> next, x;
  Val base = s.i64(chunk * target.threads);
  for (int64_t r = 0; r < rowCount; ++r)
    x.push_back(
        s.loadLanes(s.scratch, quad(buffer, r, base), s.b.getF32Type(), valid));
  Val k = column + chunk * target.lanes;
  SmallVector<Val> scales =
      scalesOf(outputs, [&](Val output) { return weight.scale(output, k); });
  for (size_t c = 0; c < outputs.size(); ++c) {
    Val w =
        Weight::scaled(weight.elementLanes(outputs[c], k, valid), scales[c]);
    for (int64_t r = 0; r < rowCount; ++r)
      next.push_back(fma(x[r], w, carried[c * rowCount + r]));
  }
  return next;
}

SmallVector<Val> StagedProduct::sums(ArrayRef<Numbers> rows,
                                     ArrayRef<Val> outputs, bool oneScale) {
  this->oneScale = oneScale;
  rowCount = int64_t(rows.size());
  int64_t groupColumns = wide * target.lanes, groups = columns / groupColumns;
  int64_t perPiece = warps / wide, pieces = groups / perPiece;
  int64_t pieceColumns = warps * target.lanes;
  int64_t done = pieces * pieceColumns;
  SmallVector<Val> sums(rows.size() * outputs.size(), s.zeroLanes());
  s.syncBlock(); // the buffers have been read
  if (pieces > 0) {
    stage(s.i64(0), rows, s.i64(0), warps, 0, /*isWide=*/true);
    staged();
    sums =
        s.loop(s.i64(0), s.i64(pieces), 1, sums,
               [&](Val piece, ArrayRef<Val> carried) {
                 Val buffer = piece % 2, column = piece * pieceColumns;
                 s.ifThen(lt(piece + 1, s.i64(pieces)), [&] {
                   stage((piece + 1) % 2, rows, column + pieceColumns, warps, 0,
                         /*isWide=*/true);
                 });
                 SmallVector<Val> next =
                     addWide(buffer, column, perPiece, outputs, carried);
                 staged();
                 return next;
               });
  }
  if (int64_t rest = groups % perPiece) {
    stage(s.i64(0), rows, s.i64(done), rest * wide, 0, /*isWide=*/true);
    staged();
    sums = addWide(s.i64(0), s.i64(done), rest, outputs, sums);
    done += rest * groupColumns;
  }
  if (int64_t rest = columns - done) {
    int64_t whole = rest / target.lanes, tail = rest % target.lanes;
    stage(s.i64(1), rows, s.i64(done), whole, tail, /*isWide=*/false);
    staged();
    for (int64_t chunk = 0; chunk < whole; ++chunk)
      sums =
          addChunk(s.i64(1), s.i64(done), chunk, target.lanes, outputs, sums);
    if (tail > 0)
      sums = addChunk(s.i64(1), s.i64(done), whole, tail, outputs, sums);
  }
  return sums;
}

} // namespace

void stagedProducts(Stage &s, const Target &target, Weight &weight, Val lowOut,
                    Val highOut, Val lowRow, Val highRow,
                    function_ref<Numbers(Val)> inputRow,
                    function_ref<void(Val, Val, Val)> store) {
  StagedProduct product(s, target, weight);
  auto tiles = [&](Val row, int64_t rows, int64_t outputs) {
    // The bounds are the block's, so that its warps meet.
    s.loop(lowOut, highOut, outputs * target.productWarps, [&](Val first) {
      Val out = first + s.warp * outputs;
      SmallVector<Numbers> inputs;
      for (int64_t r = 0; r < rows; ++r)
        inputs.push_back(inputRow(r == 0 ? row : min(row + r, highRow - 1)));
      SmallVector<Val> weightRows;
      for (int64_t c = 0; c < outputs; ++c)
        weightRows.push_back(min(out + c, highOut - 1));
      // Rows that are the last one again have its scale.
      bool oneScale =
          weight.sharesScales(outputs) && multipleOf(out.v) % outputs == 0;
      s.sumEach(product.sums(inputs, weightRows, oneScale),
                [&](Val i, Val sum) {
                  Val ownOut = out + i / rows, ownRow = row + i % rows;
                  s.ifThen(lt(ownOut, highOut) & lt(ownRow, highRow),
                           [&] { store(ownRow, ownOut, sum); });
                });
    });
  };
  // One row that is left has its own tile; two or three share that of four.
  int64_t tile = target.tileRows;
  Val count = highRow - lowRow;
  Val end = lowRow + (count + (tile - 2)) / tile * tile;
  int64_t most = rowOutputs(weight.getType());
  s.loop(lowRow, end, tile,
         [&](Val row) { tiles(row, tile, std::min(most, kTileOutputs)); });
  s.ifThen(eq(count % tile, 1), [&] { tiles(highRow - 1, 1, most); });
}

} // namespace mlir::sluice::lower
