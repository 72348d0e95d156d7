#include "test/reference/Linear.h"

namespace sluice::reference {

double dot(const double *a, const double *b, std::int64_t count) {
  // Eight running sums, so that the compiler may use vectors: it never
  // reorders one floating sum by itself.
  double sums[8] = {};
  std::int64_t k = 0;
  for (; k + 8 <= count; k += 8)
    for (int lane = 0; lane < 8; ++lane)
      sums[lane] += a[k + lane] * b[k + lane];
  double sum = 0;
  for (; k < count; ++k)
    sum += a[k] * b[k];
  for (double lane : sums)
    sum += lane;
  return sum;
}

Values linear(View x, View w, std::int64_t rows, std::int64_t out,
              std::int64_t in) {
  return groupedLinear(x, w, rows, 1, out, in);
}

Values groupedLinear(View x, View w, std::int64_t rows, std::int64_t groups,
                     std::int64_t out, std::int64_t in) {
  Values y(rows * groups * out);
  for (std::int64_t t = 0; t < rows; ++t)
    for (std::int64_t g = 0; g < groups; ++g)
      for (std::int64_t o = 0; o < out; ++o)
        y[(t * groups + g) * out + o] =
            dot(&x[(t * groups + g) * in], &w[(g * out + o) * in], in);
  return y;
}

} // namespace sluice::reference
