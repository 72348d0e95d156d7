#pragma once

#include <cstdint>

namespace sluice::sim {

// Where the elements of mma.sync operands lie, PTX 9.7.14.5 ("Matrix fragments
// for mma.m16n8k*"). Every dense shape with 8 or 16 rows and 8 columns follows
// one rule. With g = lane / 4, q = lane % 4 (PTX: groupID, threadID_in_group),
// and P elements to a register (32 bits; 64 for f64), P = 32 / element bits:
//
//   A, row major. A register is 8 rows of 4 lanes; four lanes hold 4 P
//   neighbours of one row, so that a register read lane by lane is a row-major
//   tile of 8 rows x 16 bytes (f64: 32 bytes):
//
//                 k = 0 ..             k = 4P ..
//      row 0..7   a0: lane = 4 row + k/P     a2
//      row 8..15  a1                         a3     m8: a0 left, a1 right, ..
//
//   B, column major: the same tile, turned. A register is 8 columns:
//
//                 k = 0 .. 4P-1    k = 4P ..
//      column n   b0: lane = 4 n + k/P      b1
//
//   C and D: two neighbours of a row in one lane; f16 packs both in a register:
//
//                    columns 2q, 2q + 1
//      row g         c0 c1  (f16: c0)
//      row g + 8     c2 c3  (f16: c1)

/// An element of a matrix: A is rows x k, B is k x columns.
struct MatrixPlace {
  int row;
  int column;
};

/// Elements of `elementBits` bits in one register.
constexpr int elementsPerRegister(int elementBits) {
  return elementBits == 64 ? 1 : 32 / elementBits;
}

/// Element `element` (0 is in the lowest bits) of register `index` of A.
constexpr MatrixPlace placeInA(int rows, int elementBits, int lane, int index,
                               int element) {
  int perRegister = elementsPerRegister(elementBits);
  int rowTiles = rows / 8;
  return {lane / 4 + 8 * (index % rowTiles),
          (lane % 4 + 4 * (index / rowTiles)) * perRegister + element};
}

/// The same of B.
constexpr MatrixPlace placeInB(int elementBits, int lane, int index,
                               int element) {
  int perRegister = elementsPerRegister(elementBits);
  return {(lane % 4 + 4 * index) * perRegister + element, lane / 4};
}

/// Element `i` of a lane's part of C or D: c_i, in register i, or with f16 in
/// register i / 2.
constexpr MatrixPlace placeInC(int lane, int i) {
  return {lane / 4 + 8 * (i / 2), lane % 4 * 2 + i % 2};
}

// ldmatrix and stmatrix, .m8n8.b16, PTX 9.7.14.5.15: matrix i of 8 rows of 16
// bytes lies in register i; lane 4g + q has row g, bytes 4q .. 4q + 3, which is
// the A tile from above, so that ldmatrix fills mma operands. With .trans the
// lane has column g, rows 2q and 2q + 1.

/// The register of all lanes from the 8 rows of a matrix, one after another
/// (128 bytes), and back.
void distributeMatrix(const void *rows, bool transposed, uint32_t *lanes);
void collectMatrix(const uint32_t *lanes, bool transposed, void *rows);

} // namespace sluice::sim
