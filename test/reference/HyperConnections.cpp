#include "test/reference/HyperConnections.h"

#include "test/reference/RmsNorm.h"

#include <algorithm>
#include <cmath>

namespace sluice::reference {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void divideRows(Values &c, std::int64_t n, double epsilon) {
  for (std::int64_t from = 0; from < n; ++from) {
    double sum = epsilon;
    for (std::int64_t to = 0; to < n; ++to)
      sum += c[from * n + to];
    for (std::int64_t to = 0; to < n; ++to)
      c[from * n + to] /= sum;
  }
}

void divideColumns(Values &c, std::int64_t n, double epsilon) {
  for (std::int64_t to = 0; to < n; ++to) {
    double sum = epsilon;
    for (std::int64_t from = 0; from < n; ++from)
      sum += c[from * n + to];
    for (std::int64_t from = 0; from < n; ++from)
      c[from * n + to] /= sum;
  }
}

/// The streams of a token as one vector of n H, normalised, times fn.
Values project(View streams, View fn, std::int64_t out, const HcShape &shape,
               double epsilon) {
  const std::int64_t width = shape.streams * shape.width;
  const Values normed = rmsNorm(streams, {}, shape.rows, width, epsilon);
  return linear(normed, fn, shape.rows, out, width);
}

/// sum_i pre[i] streams[i] of one token
void collapse(const double *streams, const Values &pre, const HcShape &shape,
              double *out) {
  for (std::int64_t i = 0; i < shape.streams; ++i)
    for (std::int64_t c = 0; c < shape.width; ++c)
      out[c] += pre[i] * streams[i * shape.width + c];
}

} // namespace

Values sinkhorn(View logits, std::int64_t n, const HcNumbers &numbers) {
  Values c(n * n);
  for (std::int64_t from = 0; from < n; ++from) {
    View row = logits.subspan(from * n, n);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (std::int64_t to = 0; to < n; ++to)
      sum += c[from * n + to] = std::exp(row[to] - largest);
    for (std::int64_t to = 0; to < n; ++to)
      c[from * n + to] = c[from * n + to] / sum + numbers.epsilon;
  }
  divideColumns(c, n, numbers.epsilon);
  for (std::int64_t i = 1; i < numbers.sinkhornIterations; ++i) {
    divideRows(c, n, numbers.epsilon);
    divideColumns(c, n, numbers.epsilon);
  }
  return c;
}

HcPre hcPre(View streams, View fn, View base, View scale, const HcShape &shape,
            const HcNumbers &numbers) {
  const std::int64_t n = shape.streams, out = (2 + n) * n;
  const Values mixes = project(streams, fn, out, shape, numbers.normEpsilon);
  HcPre result{Values(shape.rows * shape.width), {}, {}};
  for (std::int64_t t = 0; t < shape.rows; ++t) {
    const double *mix = &mixes[t * out];
    Values pre(n), logits(n * n);
    for (std::int64_t i = 0; i < n; ++i) {
      pre[i] = sigmoid(mix[i] * scale[0] + base[i]) + numbers.epsilon;
      result.post.push_back(2 * sigmoid(mix[n + i] * scale[1] + base[n + i]));
    }
    for (std::int64_t i = 0; i < n * n; ++i)
      logits[i] = mix[2 * n + i] * scale[2] + base[2 * n + i];
    const Values comb = sinkhorn(logits, n, numbers);
    result.comb.insert(result.comb.end(), comb.begin(), comb.end());
    collapse(&streams[t * n * shape.width], pre, shape,
             &result.input[t * shape.width]);
  }
  return result;
}

Values hcPost(View y, View streams, View post, View comb,
              const HcShape &shape) {
  const std::int64_t n = shape.streams, width = shape.width;
  Values out(shape.rows * n * width);
  for (std::int64_t t = 0; t < shape.rows; ++t)
    for (std::int64_t to = 0; to < n; ++to)
      for (std::int64_t c = 0; c < width; ++c) {
        double sum = post[t * n + to] * y[t * width + c];
        for (std::int64_t from = 0; from < n; ++from)
          sum += comb[(t * n + from) * n + to] *
                 streams[(t * n + from) * width + c];
        out[(t * n + to) * width + c] = sum;
      }
  return out;
}

Values hcHead(View streams, View fn, View base, View scale,
              const HcShape &shape, const HcNumbers &numbers) {
  const std::int64_t n = shape.streams;
  const Values mixes = project(streams, fn, n, shape, numbers.normEpsilon);
  Values out(shape.rows * shape.width);
  for (std::int64_t t = 0; t < shape.rows; ++t) {
    Values pre(n);
    for (std::int64_t i = 0; i < n; ++i)
      pre[i] = sigmoid(mixes[t * n + i] * scale[0] + base[i]) + numbers.epsilon;
    collapse(&streams[t * n * shape.width], pre, shape, &out[t * shape.width]);
  }
  return out;
}

} // namespace sluice::reference
