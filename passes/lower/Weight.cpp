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
  Val index = (row / blockRows) * perRow + k / blockColumns;
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
        s.loadVector(elements, row * columns + k, byte, kLanes, valid));
  // Two a byte, the even column in the low nibble.
  Val bytes = s.loadVector(elements, (row * columns + k) / 2, byte, kLanes / 2,
                           valid / 2);
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
    Val factor = spread(scale(row, start), kLanes);
    for (int64_t at = 0; at < count; at += kLanes) {
      Val k = start + at;
      int64_t valid = std::min(kLanes, count - at);
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
  return target.tileOutputs * paddedColumns(columns) * 4;
}

/// Decodes `count` rows of the weight to scratch, or points at them where they
/// are f32 already.
static SmallVector<Val> readRows(Stage &s, Weight &weight, Val out, Val lastOut,
                                 int64_t count) {
  Type f32 = s.b.getF32Type();
  int64_t padded = paddedColumns(weight.getColumns());
  SmallVector<Val> rows;
  for (int64_t c = 0; c < count; ++c) {
    Val row = min(out + c, lastOut);
    if (weight.isF32()) {
      rows.push_back(weight.address(row));
      continue;
    }
    Val target = s.at(s.scratch, s.i64(c * padded), f32);
    weight.decodeRow(row, target);
    rows.push_back(target);
  }
  return rows;
}

/// One register tile: every input row times every weight row.
static SmallVector<Val> tile(Stage &s, int64_t columns,
                             ArrayRef<Numbers> inputs, ArrayRef<Val> weights) {
  Type f32 = s.b.getF32Type();
  SmallVector<Val> zero(inputs.size() * weights.size(), s.zeroLanes());
  SmallVector<Val> sums =
      s.chunks(columns, zero, [&](Val k, int64_t valid, ArrayRef<Val> carried) {
        SmallVector<Val> x, next;
        for (const Numbers &input : inputs)
          x.push_back(s.loadLanes(input, k, valid));
        for (auto [c, weight] : llvm::enumerate(weights)) {
          Val w = s.loadLanes(weight, k, f32, valid);
          for (size_t r = 0; r < inputs.size(); ++r)
            next.push_back(fma(x[r], w, carried[c * inputs.size() + r]));
        }
        return next;
      });
  for (Val &sum : sums)
    sum = sumLanes(sum);
  return sums;
}

void products(Stage &s, const Target &target, Weight &weight, Val lowOut,
              Val highOut, Val lowRow, Val highRow,
              function_ref<Numbers(Val)> inputRow,
              function_ref<void(Val, Val, Val)> store) {
  int64_t outputs = target.tileOutputs;
  s.loop(lowOut, highOut, outputs, [&](Val out) {
    SmallVector<Val> weights = readRows(s, weight, out, highOut - 1, outputs);
    auto rowsAt = [&](Val row, int64_t count) {
      SmallVector<Numbers> inputs;
      for (int64_t r = 0; r < count; ++r)
        inputs.push_back(inputRow(row + r));
      SmallVector<Val> sums = tile(s, weight.getColumns(), inputs, weights);
      for (int64_t c = 0; c < outputs; ++c)
        s.ifThen(lt(out + c, highOut), [&] {
          for (int64_t r = 0; r < count; ++r)
            store(row + r, out + c, sums[c * count + r]);
        });
    };
    Val whole = lowRow + (highRow - lowRow) / target.tileRows * target.tileRows;
    s.loop(lowRow, whole, target.tileRows,
           [&](Val row) { rowsAt(row, target.tileRows); });
    s.loop(whole, highRow, 1, [&](Val row) { rowsAt(row, 1); });
  });
}

} // namespace mlir::sluice::lower
