#include "test/reference/RmsNorm.h"

#include <cmath>

namespace sluice::reference {

Values rmsNorm(View x, View weight, std::int64_t rows, std::int64_t width,
               double epsilon) {
  Values y(rows * width);
  for (std::int64_t r = 0; r < rows; ++r) {
    const double *row = &x[r * width];
    const double factor =
        1 / std::sqrt(dot(row, row, width) / double(width) + epsilon);
    for (std::int64_t i = 0; i < width; ++i)
      y[r * width + i] = row[i] * factor * (weight.empty() ? 1 : weight[i]);
  }
  return y;
}

} // namespace sluice::reference
