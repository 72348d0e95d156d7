#include "runtime/device/sim/numerics/Mma.h"

#include "runtime/device/sim/numerics/Arithmetic32.h"

#include <fmt/format.h>

#include <cstring>

namespace sluice::sim {
namespace {

constexpr int kMaxSums = 4; // tiles of C: 4 of wmma, 2 of mma

int bitsOfElement(const MmaForm &form) {
  return form.s4 ? 4 : elementBits(form.a);
}

bool isFp8(NumberType type) {
  return type == NumberType::E4m3 || type == NumberType::E5m2;
}
bool isInt8(NumberType type) {
  return type == NumberType::S8 || type == NumberType::U8;
}
bool isF16OrF32(NumberType type) {
  return type == NumberType::F16 || type == NumberType::F32;
}

/// A and B may differ within fp8 and within integers; C and D go with them.
bool typesFit(const MmaForm &form) {
  bool sums32 = form.c == NumberType::F32 && form.d == NumberType::F32;
  if (isInt8(form.a))
    return isInt8(form.b) && form.c == NumberType::S32 &&
           form.d == NumberType::S32;
  if (isFp8(form.a))
    return isFp8(form.b) && isF16OrF32(form.c) && isF16OrF32(form.d);
  if (form.a != form.b)
    return false;
  switch (form.a) {
  case NumberType::F16:
    return isF16OrF32(form.c) && isF16OrF32(form.d);
  case NumberType::Bf16:
  case NumberType::Tf32:
    return sums32;
  case NumberType::F64:
    return form.c == NumberType::F64 && form.d == NumberType::F64;
  default:
    return false;
  }
}

Status refused(const char *name, const MmaForm &form) {
  return incompatible(fmt::format(
      "{} m{}n{}k{} with {}-bit elements: not a shape and type that this "
      "simulator multiplies; runtime/device/sim/numerics/Mma.h lists them",
      name, form.m, form.n, form.k, bitsOfElement(form)));
}

} // namespace

Mma::Mma(const MmaForm &form)
    : form(form), tiles{form.m / 8, form.n / 8, 0}, bits(bitsOfElement(form)),
      unpackA(unpackRows(form.a, bits)), unpackB(unpackColumns(form.b, bits)) {
  int tileBits = form.a == NumberType::F64 ? 256 : 128;
  tiles.depthTiles = form.k * bits / tileBits;
}

Result<Mma> Mma::mma(const MmaForm &form) {
  bool is64 = form.a == NumberType::F64;
  int depthBits = form.k * bitsOfElement(form);
  bool half = depthBits == 128; // one tile of k
  bool full = depthBits == 256; // two
  bool fits = false;
  if (is64)
    fits = (form.m == 8 && form.k == 4) ||
           (form.m == 16 && (form.k == 4 || form.k == 8 || form.k == 16));
  else if (form.m == 8)
    fits = isInt8(form.a) && half;
  else
    fits = form.m == 16 && (half || full);
  if (!typesFit(form) || form.n != 8 || !fits)
    return refused("mma", form);
  return Mma(form);
}

Result<Mma> Mma::wmma(const MmaForm &form) {
  bool fits = form.k == 16 &&
              ((form.m == 16 && form.n == 16) ||
               (form.m == 32 && form.n == 8) || (form.m == 8 && form.n == 32));
  bool type = form.a == NumberType::F16 || form.a == NumberType::Bf16 ||
              (isInt8(form.a) && form.a == form.b && !form.s4);
  if (form.a == NumberType::Tf32) {
    fits = form.m == 16 && form.n == 16 && form.k == 8;
    type = true;
  }
  if (!typesFit(form) || !fits || !type)
    return refused("wmma.mma", form);
  return Mma(form);
}

int Mma::cRegisters() const {
  return tiles.rowTiles * tiles.columnTiles *
         (form.c == NumberType::F16 ? 1 : 2);
}
int Mma::dRegisters() const {
  return tiles.rowTiles * tiles.columnTiles *
         (form.d == NumberType::F16 ? 1 : 2);
}

void Mma::run(const void *const *a, const void *const *b, const void *const *c,
              void *const *d) const {
  if (form.a == NumberType::F64)
    return runF64(a, b, c, d);
  // All of A, B and C is read before anything is written.
  alignas(64) float left[kMaxSideTiles * kMaxDepthTiles * 8 * kMaxTileDepth];
  alignas(64) float right[kMaxSideTiles * kMaxDepthTiles * 8 * kMaxTileDepth];
  alignas(64) float sums[kMaxSums * 64];
  unpackA(a, aRegisters(), left);
  unpackB(b, bRegisters(), right);
  int depth = 128 / bits;
  size_t count = size_t{64} * tiles.rowTiles * tiles.columnTiles;
  if (form.c == NumberType::S32) {
    // Integer products sum up exactly in f32: at most 32 * 255 * 255 < 2^24.
    std::memset(sums, 0, sizeof(float) * count);
    multiplyTiles(tiles, depth, left, right, sums);
    addSumsS32(tiles, sums, c, form.satfinite, d);
    return;
  }
  bool fast = form.mode == MmaMode::Fast;
  if (fast && form.c == NumberType::F32 && form.d == NumberType::F32)
    return multiplyF32(tiles, depth, left, right, c, d);
  if (form.c == NumberType::F16)
    loadSumsF16(tiles, c, sums);
  else
    loadSumsF32(tiles, c, sums);
  if (fast) {
    multiplyTiles(tiles, depth, left, right, sums);
  } else {
    alignas(64) double wide[kMaxSums * 64];
    for (size_t i = 0; i < count; ++i)
      wide[i] = sums[i];
    multiplyTilesWide(tiles, depth, left, right, wide);
    for (size_t i = 0; i < count; ++i)
      sums[i] = form.d == NumberType::F16 ? toOddF32(wide[i])
                                          : static_cast<float>(wide[i]);
  }
  if (form.d == NumberType::F16)
    storeSumsF16(tiles, sums, d);
  else
    storeSumsF32(tiles, sums, d);
}

void Mma::runF64(const void *const *a, const void *const *b,
                 const void *const *c, void *const *d) const {
  double left[16 * 16]; // at most m16, k16
  double right[16 * 8];
  double sums[16 * 8];
  double lanes[32];
  for (int i = 0; i < aRegisters(); ++i) {
    std::memcpy(lanes, a[i], sizeof lanes);
    for (int lane = 0; lane < 32; ++lane) {
      int row = i % tiles.rowTiles * 8 + lane / 4;
      left[row * form.k + i / tiles.rowTiles * 4 + lane % 4] = lanes[lane];
    }
  }
  for (int i = 0; i < bRegisters(); ++i) {
    std::memcpy(lanes, b[i], sizeof lanes);
    for (int lane = 0; lane < 32; ++lane)
      right[(4 * i + lane % 4) * 8 + lane / 4] = lanes[lane];
  }
  for (int i = 0; i < cRegisters(); ++i) {
    std::memcpy(lanes, c[i], sizeof lanes);
    for (int lane = 0; lane < 32; ++lane)
      sums[(i / 2 * 8 + lane / 4) * 8 + lane % 4 * 2 + i % 2] = lanes[lane];
  }
  multiplyF64(form.m, form.k, left, right, sums);
  for (int i = 0; i < dRegisters(); ++i) {
    for (int lane = 0; lane < 32; ++lane)
      lanes[lane] = sums[(i / 2 * 8 + lane / 4) * 8 + lane % 4 * 2 + i % 2];
    std::memcpy(d[i], lanes, sizeof lanes);
  }
}

} // namespace sluice::sim
