#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/numerics/Convert.h"
#include "runtime/device/sim/numerics/MmaTiles.h"

namespace sluice::sim {

/// How a product of floating-point matrices is summed. PTX leaves order and
/// rounding open; a result must not hang on them.
enum class MmaMode : uint8_t {
  Fast, // f32, fused, from c over rising k: the same bits on every host
  Wide, // f64 over rising k, rounded once at the end
};

/// One mma.sync or wmma.mma: D = A * B + C.
struct MmaForm {
  int m, n, k;
  NumberType a, b;        // F16 Bf16 Tf32 E4m3 E5m2 F64 S8 U8
  bool s4 = false;        // with S8 or U8: 4-bit elements (s4, u4)
  NumberType c, d;        // F16 F32 S32 F64
  bool satfinite = false; // s32 sums are clamped, else they wrap
  MmaMode mode = MmaMode::Fast;
};

/// A form made ready to run. Registers are arrays of 32 lanes, of 32-bit words
/// (f64: 64-bit), any alignment; d may be c's or any other operand's register.
class Mma {
public:
  /// mma.sync: m16n8k{4,8,16,32,64} and m8n8k{4,16,32} of the types that PTX
  /// 9.7.14.5.14 lists. wmma.mma: m16n16k16, m32n8k16, m8n32k16 of f16, bf16,
  /// s8, u8 and m16n16k8 of tf32. Errors: Incompatible, naming the form.
  static Result<Mma> mma(const MmaForm &form);
  static Result<Mma> wmma(const MmaForm &form);

  /// Registers that each operand takes.
  int aRegisters() const { return tiles.rowTiles * tiles.depthTiles; }
  int bRegisters() const { return tiles.columnTiles * tiles.depthTiles; }
  int cRegisters() const;
  int dRegisters() const;

  void run(const void *const *a, const void *const *b, const void *const *c,
           void *const *d) const;

  /// Floating-point or integer operations, 2 m n k.
  int64_t operations() const { return int64_t{2} * form.m * form.n * form.k; }

private:
  explicit Mma(const MmaForm &form);
  void runF64(const void *const *a, const void *const *b, const void *const *c,
              void *const *d) const;

  MmaForm form;
  TileCounts tiles;
  int bits; // of an element of A and B
  UnpackTiles *unpackA;
  UnpackTiles *unpackB;
};

} // namespace sluice::sim
