#pragma once

#include "runtime/device/sim/program/Binder.h"

namespace sluice::sim {

/// Sets Instruction::space from the modifiers, or from the variable that is
/// the address. False after Binder::fail.
bool bindSpace(Binder &b);
/// The space that a modifier names; else `otherwise`.
Space spaceOfModifiers(const Binder &b, Space otherwise);

/// `.v2 .v4 .v8` and the vector operand `index` of ld and st: sets list,
/// listCount, count, bytes and registerBytes.
bool bindElements(Binder &b, size_t index);

} // namespace sluice::sim
