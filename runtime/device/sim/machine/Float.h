#pragma once

#include "runtime/device/sim/program/Binder.h"

namespace sluice::sim {

// The parts of the float binders for one type each.
bool bindFloat1F32(Binder &b);
bool bindFloat2F32(Binder &b);
bool bindFloat3F32(Binder &b);
bool bindMinMaxF32(Binder &b);

} // namespace sluice::sim
