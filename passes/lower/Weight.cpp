#include "passes/lower/Weight.h"

#include "dialects/scaled/ScaledTypes.h"

namespace mlir::sluice::lower {

Weight::Weight(Stage &stage, Type type, Val elements, Val scales)
    : s(stage), element(scaled::weightElementType(type)), elements(elements),
      scales(scales) {
  ArrayRef<int64_t> shape = scaled::weightShape(type).take_back(2);
  rows = shape[0];
  columns = shape[1];
  if (auto scaled = dyn_cast<scaled::ScaledTensorType>(type)) {
    scaleElement = scaled.getScaleType();
    blockRows = scaled.getBlockRows();
    blockColumns = scaled.getBlockColumns();
  }
}

Val Weight::address(Val row) { return s.at(elements, row * columns, element); }

// Both formats are f16 with fewer bits: moved to its fields, with the
// difference of the biases left over as a factor, they convert exactly,
// subnormals too.

Val Weight::decodeE4M3(Val bytes) {
  // s eeee mmm, bias 7 against 15; the code of all ones is NaN.
  Val bits = (extendSigned(bytes, 16) << 7) & (0xbf80 - 0x10000);
  Val value = halfToFloat(bits) * 256.0;
  Val nan = eq(bytes & 0x7f, 0x7f);
  return select(nan, value.like(std::numeric_limits<double>::quiet_NaN()),
                value);
}

Val Weight::decodeE2M1(Val codes) {
  // s ee m in the low nibble, bias 1 against 15.
  Val code = extendUnsigned(codes, 16);
  Val bits = ((code & 7) << 9) | ((code & 8) << 12);
  return halfToFloat(bits) * 16384.0;
}

Val Weight::scale(Val row, Val k) {
  int64_t perRow = (columns + blockColumns - 1) / blockColumns;
  // Threads past the end have nothing to scale.
  Val own = s.getTarget().isGpu() ? min(s.own(k), columns - 1) : k;
  Val index = (row / blockRows) * perRow + own / blockColumns;
  if (scaleElement.isF32())
    return s.loadF32(scales, index);
  // E8M0: 2^(e - 127); 0 is the f32 subnormal 2^-127, 255 is NaN.
  Val e = extendUnsigned(s.load(scales, index, s.b.getI8Type()), 32);
  Val bits = select(eq(e, 0), e.like(0x00400000), e << 23);
  return bitsAsFloat(select(eq(e, 255), e.like(0x7fc00000), bits));
}

Val Weight::elementLanes(Val row, Val k, int64_t valid) {
  if (element.isF32() || element.isBF16())
    return s.loadLanes(elements, row * columns + k, element, valid);
  Type byte = s.b.getI8Type();
  if (isa<Float8E4M3FNType>(element))
    return decodeE4M3(
        s.loadVector(elements, row * columns + k, byte, s.lanes(), valid));
  // Two a byte, the even column in the low nibble.
  Val bytes = s.loadVector(elements, (row * columns + k) / 2, byte,
                           s.lanes() / 2, valid / 2);
  return decodeE2M1(interleave(bytes & 15, bytes >> 4));
}

Val Weight::lanes(Val row, Val k, int64_t valid) {
  Val lanes = elementLanes(row, k, valid);
  return scaleElement ? lanes * scale(row, k) : lanes;
}

void Weight::decodeRow(Val row, Val target) {
  if (!scaleElement)
    return s.chunks(columns, [&](Val k, int64_t valid) {
      s.storeLanes(elementLanes(row, k, valid), target, k);
    });
  // One scale serves a block of columns: read it once.
  auto block = [&](Val start, int64_t count) {
    Val factor = s.spread(scale(row, start));
    for (int64_t at = 0; at < count; at += s.lanes()) {
      Val k = start + at;
      int64_t valid = std::min(s.lanes(), count - at);
      s.storeLanes(elementLanes(row, k, valid) * factor, target, k);
    }
  };
  int64_t whole = columns / blockColumns * blockColumns;
  s.loop(s.i64(0), s.i64(whole), blockColumns,
         [&](Val start) { block(start, blockColumns); });
  if (whole < columns)
    block(s.i64(whole), columns - whole);
}

int64_t productScratch(const Target &target, int64_t columns) {
  if (target.isGpu())
    return 0;
  return target.tileOutputs * paddedColumns(target, columns) * 4;
}

namespace {
/// The rows of a weight that a tile multiplies. A CPU decodes them to scratch
/// first, or points at them where they are f32 already: each serves many rows
/// of x. A GPU decodes in registers.
class TileRows {
public:
  TileRows(Stage &s, Weight &weight, Val out, Val lastOut, int64_t count)
      : s(s), weight(weight) {
    int64_t padded = paddedColumns(s.getTarget(), weight.getColumns());
    for (int64_t c = 0; c < count; ++c) {
      rows.push_back(min(out + c, lastOut));
      if (s.getTarget().isGpu())
        continue;
      if (weight.isF32()) {
        rows[c] = weight.address(rows[c]);
        continue;
      }
      Val target = s.at(s.scratch, s.i64(c * padded), s.b.getF32Type());
      weight.decodeRow(rows[c], target);
      rows[c] = target;
    }
  }

  int64_t size() const { return rows.size(); }
  Val lanes(int64_t row, Val k, int64_t valid) {
    if (s.getTarget().isGpu())
      return weight.lanes(rows[row], k, valid);
    return s.loadLanes(rows[row], k, s.b.getF32Type(), valid);
  }

private:
  Stage &s;
  Weight &weight;
  SmallVector<Val> rows; // addresses, on a GPU numbers
};
} // namespace

/// One register tile: every input row times every weight row, as lanes that
/// are still to be summed.
static SmallVector<Val> tile(Stage &s, int64_t columns,
                             ArrayRef<Numbers> inputs, TileRows &weights) {
  SmallVector<Val> zero(inputs.size() * weights.size(), s.zeroLanes());
  return s.chunks(
      columns, zero, [&](Val k, int64_t valid, ArrayRef<Val> carried) {
        SmallVector<Val> x, next;
        for (const Numbers &input : inputs)
          x.push_back(s.loadLanes(input, k, valid));
        for (int64_t c = 0; c < weights.size(); ++c) {
          Val w = weights.lanes(c, k, valid);
          for (size_t r = 0; r < inputs.size(); ++r)
            next.push_back(fma(x[r], w, carried[c * inputs.size() + r]));
        }
        return next;
      });
}

void products(Stage &s, const Target &target, Weight &weight, Val lowOut,
              Val highOut, Val lowRow, Val highRow,
              function_ref<Numbers(Val)> inputRow,
              function_ref<void(Val, Val, Val)> store) {
  int64_t outputs = target.tileOutputs;
  Val first = target.isGpu() ? lowOut + s.warp * outputs : lowOut;
  s.loop(first, highOut, outputs * target.productWarps, [&](Val out) {
    TileRows weights(s, weight, out, highOut - 1, outputs);
    auto rowsAt = [&](Val row, int64_t count) {
      SmallVector<Numbers> inputs;
      for (int64_t r = 0; r < count; ++r)
        inputs.push_back(inputRow(row + r));
      s.sumEach(tile(s, weight.getColumns(), inputs, weights), [&](Val i,
                                                                   Val sum) {
        Val own = out + i / count;
        s.ifThen(lt(own, highOut), [&] { store(row + i % count, own, sum); });
      });
    };
    Val whole = lowRow + (highRow - lowRow) / target.tileRows * target.tileRows;
    s.loop(lowRow, whole, target.tileRows,
           [&](Val row) { rowsAt(row, target.tileRows); });
    s.loop(whole, highRow, 1, [&](Val row) { rowsAt(row, 1); });
  });
}

} // namespace mlir::sluice::lower
