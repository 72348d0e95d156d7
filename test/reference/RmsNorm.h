#pragma once

#include "test/reference/Linear.h"

namespace sluice::reference {

/// y[r] = x[r] / sqrt(mean(x[r]^2) + epsilon) * weight, for each row of x
/// [rows, width]. An empty weight counts as ones.
Values rmsNorm(View x, View weight, std::int64_t rows, std::int64_t width,
               double epsilon);

} // namespace sluice::reference
