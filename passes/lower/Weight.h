#pragma once

#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// A stored matrix [rows, columns], plain or block-scaled, decoded where it is
/// read. The codecs are exact on every code; NaN codes give NaN.
class Weight {
public:
  /// f32 of a thread in one chunk of lanes on a GPU.
  static constexpr int64_t kQuad = 4;

  /// `type`: 2-D, or the last two dimensions of a 3-D one; the addresses are
  /// those of its elements and, of a scaled one, scales.
  Weight(Stage &stage, Type type, Val elements, Val scales);

  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return columns; }
  Type getType() const { return type; }
  /// Whether a row can be read in place as f32.
  bool isF32() const { return element.isF32(); }
  /// Address of f32 row `row`; isF32() only.
  Val address(Val row);
  /// Columns k and on of a row as lanes (k a multiple of their number), the
  /// first `valid`.
  Val lanes(Val row, Val k, int64_t valid) {
    return scaled(elementLanes(row, k, valid), scale(row, k));
  }
  /// The same before it is scaled; `scale` is null for a plain matrix.
  Val elementLanes(Val row, Val k, int64_t valid);
  Val scale(Val row, Val k);
  static Val scaled(Val x, Val scale) { return scale ? x * scale : x; }

  /// On a GPU, chunks of lanes whose columns a thread can load at once, as up
  /// to 16 bytes; 1 where rows or blocks do not allow more.
  int64_t wideChunks() const { return wideChunks(type); }
  static int64_t wideChunks(Type type);
  /// Columns k and on of a row, of wideChunks() chunks: thread i has 4 *
  /// wideChunks() of them, from 4 * wideChunks() * i on.
  Val wideLanes(Val row, Val k);
  /// The scale of those; null for a plain matrix.
  Val wideScale(Val row, Val k);
  /// Four of them as f32, the quad-th, before they are scaled.
  Val decodeQuad(Val stored, int64_t quad);
  /// Whether any `count` rows from a multiple of it on have the same scales.
  bool sharesScales(int64_t count) const { return blockRows % count == 0; }

  /// A whole row as f32 to `target`, whole lanes: past the end are zeros.
  void decodeRow(Val row, Val target);

private:
  Val decodeE4M3(Val bytes);
  Val decodeE2M1(Val codes);
  Val scaleAt(Val row, Val column);

  Stage &s;
  Type type, element, scaleElement;
  int64_t rows, columns, blockRows = 1, blockColumns = 1;
  Val elements, scales;
};

/// Elements of a row of `columns` f32 in scratch: whole vectors.
inline int64_t paddedColumns(const Target &target, int64_t columns) {
  return llvm::alignTo(columns, target.lanes);
}

/// A weight of so few rows, as that of hyper-connections, that a product has
/// more processors than outputs: blocks are small.
bool isNarrow(Type type);

/// Outputs of a block of a product with weights of `type`.
int64_t productOutputs(const Target &target, Type type);

/// The name of the order of its sums.
std::string productSums(Type type);

/// Bytes of scratch that `products` needs for a weight of these columns.
int64_t productScratch(const Target &target, int64_t columns);

/// y = x w^T for outputs [lowOut, highOut) and rows [lowRow, highRow):
/// store(row, out, y) for each, x read from the row at inputRow(row). The
/// order of the sum over columns is that of the lanes (lane = k mod their
/// number, ascending, fma on the decoded value), then halved, for every shape
/// and tile; a GPU that loads wideChunks() chunks at once gives lane 4 i + j of
/// them columns 4 wideChunks() i + j, + 4 + j and so on. The warps of a block
/// share the outputs.
void products(Stage &stage, const Target &target, Weight &weight, Val lowOut,
              Val highOut, Val lowRow, Val highRow,
              function_ref<Numbers(Val)> inputRow,
              function_ref<void(Val, Val, Val)> store);

} // namespace mlir::sluice::lower
