#pragma once

#include "runtime/device/sim/numerics/Convert.h"

namespace sluice::sim {

// Fragments of wmma.load, wmma.mma and wmma.store. PTX 9.7.14.4 leaves their
// layout open: only the same position of two fragments of one kind means the
// same element. Ours cuts A (rows x k) and B (k x columns) into tiles of 8 rows
// or columns x 16 bytes of k, and C and D into tiles of 8 x 8, with one tile in
// one register (C and D of 32-bit elements: in two) as mma.sync has them:
//
//     A m16, k16 of 16 bits       B n16                 C m16 n16, f32
//        k 0..7   k 8..15           n 0..7   n 8..15       n 0..7   n 8..15
//     m   x0        x2        k 0    x0        x2      m   x0 x1     x4 x5
//     m+8 x1        x3        k 8    x1        x3      m+8 x2 x3     x6 x7

enum class WmmaOperand : uint8_t { A, B, Accumulator };

struct WmmaFragment {
  WmmaOperand operand;
  NumberType type; // F16 Bf16 Tf32 S8 U8; F16 F32 S32 of accumulators
  int m, n, k;

  /// Of the operand's matrix.
  int rows() const { return operand == WmmaOperand::B ? k : m; }
  int columns() const { return operand == WmmaOperand::A ? k : n; }

  /// Registers of 32 bits in PTX's vector: f16 A and B always have 8, of which
  /// those beyond `tileRegisters` repeat the first.
  int registers() const;
  int tileRegisters() const;
};

/// The registers (32 words each) of `fragment` from its matrix, row by row
/// without gaps, and back.
void wmmaFromMatrix(const WmmaFragment &fragment, const void *matrix,
                    void *const *registers);
void wmmaToMatrix(const WmmaFragment &fragment, const void *const *registers,
                  void *matrix);

} // namespace sluice::sim
