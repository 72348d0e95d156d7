#pragma once

#include "runtime/device/sim/numerics/Mma.h"
#include "runtime/device/sim/program/Binder.h"

namespace sluice::sim {

/// What mma and wmma.mma need besides registers, which are in
/// Instruction::list: d, a, b, c.
struct MatrixPlan {
  Mma fast;
  Mma wide;
  int rowTiles;    // of 8 rows of D
  int columnTiles; // of 8 columns
  int units;       // of a register, for taint
};

std::optional<NumberType> matrixElement(Type type);
/// "m16n8k16" as three numbers.
void readMatrixShape(const Binder &b, MmaForm &form);

} // namespace sluice::sim
