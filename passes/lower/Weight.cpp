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

Val Weight::address(Val row) {
  return s.at(elements, row * columns, element);
}

Val Weight::decodeE4M3(Val bytes) {
  // s eeee mmm. A normal number moves to f32 with the bias 127 - 7 added; a
  // subnormal m is worth m / 512, got by subtracting the implied one.
  Val code = extendUnsigned(bytes, 32);
  Val magnitude = code & 0x7f;
  Val sign = (code & 0x80) << 24;
  Val normal = (magnitude << 20) + double(120 << 23);
  Val one = magnitude.like(121 << 23);
  Val subnormal =
      bitsAsInt(bitsAsFloat((magnitude << 20) + one) - bitsAsFloat(one));
  Val bits = select(lt(magnitude, 8), subnormal, normal);
  bits = select(eq(magnitude, 0x7f), bits.like(0x7fc00000), bits);
  return bitsAsFloat(bits | sign);
}

Val Weight::decodeE2M1(Val codes) {
  // s ee m, in the low nibble; a subnormal m is worth m / 2.
  Val code = extendUnsigned(codes, 32);
  Val magnitude = code & 7;
  Val sign = (code & 8) << 28;
  Val normal = (magnitude << 22) + double(126 << 23);
  Val subnormal = select(eq(magnitude, 1), magnitude.like(0x3f000000),
                         magnitude.like(0));
  return bitsAsFloat(select(lt(magnitude, 2), subnormal, normal) | sign);
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

Val Weight::lanes(Val row, Val k, int64_t valid) {
  if (element.isF32() || element.isBF16())
    return s.loadLanes(elements, row * columns + k, element, valid);
  Type byte = s.b.getI8Type();
  if (isa<Float8E4M3FNType>(element)) {
    Val bytes =
        s.loadVector(elements, row * columns + k, byte, kLanes, valid);
    return decodeE4M3(bytes) * scale(row, k);
  }
  // Two a byte, the even column in the low nibble.
  Val bytes = s.loadVector(elements, (row * columns + k) / 2, byte, kLanes / 2,
                           valid / 2);
  Val codes = interleave(bytes & 15, bytes >> 4);
  return decodeE2M1(codes) * scale(row, k);
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
    s.chunks(weight.getColumns(), [&](Val k, int64_t valid) {
      s.storeLanes(weight.lanes(row, k, valid), target, k);
    });
    rows.push_back(target);
  }
  return rows;
}

/// One register tile: every input row times every weight row.
static SmallVector<Val> tile(Stage &s, int64_t columns, ArrayRef<Val> inputs,
                             ArrayRef<Val> weights) {
  Type f32 = s.b.getF32Type();
  SmallVector<Val> zero(inputs.size() * weights.size(), s.zeroLanes());
  SmallVector<Val> sums = s.chunks(
      columns, zero, [&](Val k, int64_t valid, ArrayRef<Val> carried) {
        SmallVector<Val> x, next;
        for (Val input : inputs)
          x.push_back(s.loadLanes(input, k, f32, valid));
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
              function_ref<Val(Val)> inputRow,
              function_ref<void(Val, Val, Val)> store) {
  int64_t outputs = target.tileOutputs;
  s.loop(lowOut, highOut, outputs, [&](Val out) {
    SmallVector<Val> weights =
        readRows(s, weight, out, highOut - 1, outputs);
    auto rowsAt = [&](Val row, int64_t count) {
      SmallVector<Val> inputs;
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
