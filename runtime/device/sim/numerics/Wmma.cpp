#include "runtime/device/sim/numerics/Wmma.h"

#include "runtime/device/sim/numerics/Fragments.h"

#include <cstring>

namespace sluice::sim {
namespace {

/// Element `element` of register `index`.
MatrixPlace placeOf(const WmmaFragment &f, int bits, int lane, int index,
                    int element) {
  switch (f.operand) {
  case WmmaOperand::A:
    return placeInA(f.m, bits, lane, index, element);
  case WmmaOperand::B: {
    int depthTiles = f.k * bits / 128;
    MatrixPlace place = placeInB(bits, lane, index % depthTiles, element);
    place.column += index / depthTiles * 8;
    return place;
  }
  case WmmaOperand::Accumulator:
    break;
  }
  // Column tiles of m rows each, as Mma orders its registers.
  int perColumnTile = f.m / 8 * (bits == 16 ? 1 : 2);
  int within = index % perColumnTile;
  MatrixPlace place =
      placeInC(lane, bits == 16 ? 2 * within + element : within);
  place.column += index / perColumnTile * 8;
  return place;
}

/// Calls visit(register, byte in its lanes, byte in the matrix).
template <typename Visit>
void forEachElement(const WmmaFragment &f, int registers, Visit visit) {
  int bits = elementBits(f.type);
  for (int i = 0; i < registers; ++i)
    for (int lane = 0; lane < 32; ++lane)
      for (int element = 0; element < 32 / bits; ++element) {
        MatrixPlace p = placeOf(f, bits, lane, i % f.tileRegisters(), element);
        visit(i, lane * 4 + element * bits / 8,
              (p.row * f.columns() + p.column) * bits / 8);
      }
}

} // namespace

int WmmaFragment::tileRegisters() const {
  return rows() * columns() * elementBits(type) / 1024;
}

int WmmaFragment::registers() const {
  bool eight = operand != WmmaOperand::Accumulator && type == NumberType::F16;
  return eight ? 8 : tileRegisters();
}

void wmmaFromMatrix(const WmmaFragment &fragment, const void *matrix,
                    void *const *registers) {
  auto bytes = static_cast<size_t>(elementBits(fragment.type) / 8);
  forEachElement(fragment, fragment.registers(), [&](int i, int at, int from) {
    std::memcpy(static_cast<char *>(registers[i]) + at,
                static_cast<const char *>(matrix) + from, bytes);
  });
}

void wmmaToMatrix(const WmmaFragment &fragment, const void *const *registers,
                  void *matrix) {
  auto bytes = static_cast<size_t>(elementBits(fragment.type) / 8);
  forEachElement(
      fragment, fragment.tileRegisters(), [&](int i, int at, int to) {
        std::memcpy(static_cast<char *>(matrix) + to,
                    static_cast<const char *>(registers[i]) + at, bytes);
      });
}

} // namespace sluice::sim
