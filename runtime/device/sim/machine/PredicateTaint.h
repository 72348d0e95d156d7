#pragma once

#include "runtime/device/sim/program/Instruction.h"

namespace sluice::sim {

/// A predicate, and in which lanes nobody wrote it.
struct Truth {
  LaneMask value, tainted;
};

/// Where `x and y` is undefined: a known false decides, whatever the other is.
inline LaneMask taintOfAnd(Truth x, Truth y) {
  return (x.tainted | y.tainted) & (x.tainted | x.value) &
         (y.tainted | y.value);
}

/// The same of `x or y`, which a known true decides.
inline LaneMask taintOfOr(Truth x, Truth y) {
  return taintOfAnd({~x.value, x.tainted}, {~y.value, y.tainted});
}

} // namespace sluice::sim
