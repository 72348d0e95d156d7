#include "passes/lower/StagedProduct.h"

#include "dialects/scaled/ScaledTypes.h"

namespace mlir::sluice::lower {

Weight::Weight(Stage &stage, Type type, Val elements, Val scales)
    : s(stage), type(type), element(scaled::weightElementType(type)),
      elements(elements), scales(scales) {
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
  if (!scaleElement)
    return {};
  // Threads past the end have nothing to scale.
  return scaleAt(row, s.getTarget().isGpu() ? min(s.own(k), columns - 1) : k);
}

Val Weight::scaleAt(Val row, Val column) {
  int64_t perRow = (columns + blockColumns - 1) / blockColumns;
  Val index = (row / blockRows) * perRow + column / blockColumns;
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

static constexpr int64_t kWideBytes = 16;

int64_t Weight::wideChunks(Type type) {
  int64_t bits = scaled::weightElementType(type).getIntOrFloatBitWidth();
  int64_t wide = kWideBytes * 8 / (kQuad * bits);
  bool isWhole = scaled::weightShape(type).back() * bits / 8 % kWideBytes == 0;
  auto scaled = dyn_cast<scaled::ScaledTensorType>(type);
  bool isInBlocks = !scaled || scaled.getBlockColumns() % (kQuad * wide) == 0;
  return isWhole && isInBlocks ? wide : 1;
}

Val Weight::wideLanes(Val row, Val k) {
  int64_t count = kQuad * wideChunks();
  Val index = row * columns + k + s.threadOfWarp() * count;
  auto load = [&](Val at, Type type, int64_t elements) {
    return s.load(s.at(this->elements, at, type),
                  VectorType::get({elements}, type));
  };
  if (element.isF32())
    return load(index, element, count);
  if (element.isBF16())
    return load(index, s.b.getI16Type(), count);
  if (isa<Float8E4M3FNType>(element))
    return load(index, s.b.getI8Type(), count);
  return load(index / 2, s.b.getI8Type(), count / 2);
}

Val Weight::wideScale(Val row, Val k) {
  return scaleElement
             ? scaleAt(row, k + s.threadOfWarp() * (kQuad * wideChunks()))
             : Val();
}

Val Weight::decodeQuad(Val stored, int64_t quad) {
  bool isHalfByte = isa<Float4E2M1FNType>(element);
  int64_t count = isHalfByte ? kQuad / 2 : kQuad;
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back(quad * count + i);
  Val own = shuffle(stored, places);
  if (element.isBF16())
    return bitsAsFloat(extendUnsigned(own, 32) << 16);
  if (isa<Float8E4M3FNType>(element))
    return decodeE4M3(own);
  return isHalfByte ? decodeE2M1(interleave(own & 15, own >> 4)) : own;
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

bool isNarrow(Type type) {
  return scaled::weightShape(type).take_back(2)[0] < 32;
}

// Outputs of a block on a CPU: enough work to pay for a launch, few enough that
// a decoding step has blocks for every thread.
static constexpr int64_t kBlockOutputs = 16, kFewOutputs = 4;

int64_t productOutputs(const Target &target, Type type) {
  if (target.isGpu())
    return stagedOutputs(target, type);
  return isNarrow(type) ? kFewOutputs : kBlockOutputs;
}

std::string productSums(Type type) {
  int64_t wide = Weight::wideChunks(type);
  std::string order = "cpu: lanes16; gpu: lanes128";
  return wide == 1 ? order : order + "x" + std::to_string(wide);
}

int64_t productScratch(const Target &target, int64_t columns) {
  if (target.isGpu())
    return stagedScratch(target);
  return target.tileOutputs * paddedColumns(target, columns) * 4;
}

namespace {
/// The rows of a weight that a tile multiplies, decoded to scratch first, or
/// where they lie if they are f32 already: each serves many rows of x.
class TileRows {
public:
  TileRows(Stage &s, Weight &weight, Val out, Val lastOut, int64_t count)
      : s(s) {
    int64_t padded = paddedColumns(s.getTarget(), weight.getColumns());
    for (int64_t c = 0; c < count; ++c) {
      rows.push_back(min(out + c, lastOut));
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
    return s.loadLanes(rows[row], k, s.b.getF32Type(), valid);
  }

private:
  Stage &s;
  SmallVector<Val> rows; // addresses
};
} // namespace

/// One register tile: every input row times every weight row.
static SmallVector<Val> tile(Stage &s, int64_t columns,
                             ArrayRef<Numbers> inputs, TileRows &weights) {
  SmallVector<Val> zero(inputs.size() * weights.size(), s.zeroLanes());
  SmallVector<Val> sums =
      s.chunks(columns, zero, [&](Val k, int64_t valid, ArrayRef<Val> carried) {
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
  for (Val &sum : sums)
    sum = s.sumLanes(sum);
  return sums;
}

void products(Stage &s, const Target &target, Weight &weight, Val lowOut,
              Val highOut, Val lowRow, Val highRow,
              function_ref<Numbers(Val)> inputRow,
              function_ref<void(Val, Val, Val)> store) {
  if (target.isGpu())
    return stagedProducts(s, target, weight, lowOut, highOut, lowRow, highRow,
                          inputRow, store);
  int64_t outputs = target.tileOutputs;
  s.loop(lowOut, highOut, outputs, [&](Val out) {
    TileRows weights(s, weight, out, highOut - 1, outputs);
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
