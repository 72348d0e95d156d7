#include "test/reference/Experts.h"

#include <algorithm>
#include <cmath>

namespace sluice::reference {

Values glu(View gate, View up, double limit) {
  Values y(gate.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double g = limit > 0 ? std::min(gate[i], limit) : gate[i];
    const double u = limit > 0 ? std::clamp(up[i], -limit, limit) : up[i];
    y[i] = g / (1 + std::exp(-g)) * u;
  }
  return y;
}

Values feedForward(View x, const FeedForward &w, std::int64_t rows,
                   double limit) {
  const Values gate = linear(x, w.gate, rows, w.inner, w.width);
  const Values up = linear(x, w.up, rows, w.inner, w.width);
  return linear(glu(gate, up, limit), w.down, rows, w.width, w.inner);
}

Values experts(View x, const ExpertStack &stack, const Routing &routing,
               const RouteShape &shape, double limit) {
  const std::int64_t width = stack.width, size = width * stack.inner;
  Values y(shape.rows * width);
  for (std::int64_t t = 0; t < shape.rows; ++t)
    for (std::int64_t j = 0; j < shape.chosen; ++j) {
      const std::int64_t e = routing.experts[t * shape.chosen + j];
      const FeedForward expert{
          stack.gate.subspan(e * size, size), stack.up.subspan(e * size, size),
          stack.down.subspan(e * size, size), width, stack.inner};
      const Values part =
          feedForward(x.subspan(t * width, width), expert, 1, limit);
      for (std::int64_t c = 0; c < width; ++c)
        y[t * width + c] += routing.weights[t * shape.chosen + j] * part[c];
    }
  return y;
}

} // namespace sluice::reference
