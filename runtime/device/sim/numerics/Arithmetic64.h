#pragma once

#include "runtime/device/sim/numerics/FloatFormat.h"

namespace sluice::sim {

// f64 arithmetic as PTX 9.7.3 defines it. To nearest, it is the host's; the
// directed modes are done in integers, since kernels hardly ever use them. NaN
// payloads are the host's in Nearest, canonical (0x7ff8000000000000) else.
// Subnormals are always kept: f64 has no .ftz.

double addF64(double a, double b, Rounding rounding);
double mulF64(double a, double b, Rounding rounding);
double fmaF64(double a, double b, double c, Rounding rounding);
double divF64(double a, double b, Rounding rounding);
double sqrtF64(double a, Rounding rounding);

} // namespace sluice::sim
