#include "test/reference/Route.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sluice::reference {
namespace {

double score(double logit) {
  const double softplus = logit > 20 ? logit : std::log1p(std::exp(logit));
  return std::sqrt(softplus);
}

void appendRow(Routing &routing, std::vector<std::int64_t> chosen,
               const double *logits, double scale) {
  std::sort(chosen.begin(), chosen.end());
  double sum = 1e-20;
  for (std::int64_t e : chosen)
    sum += score(logits[e]);
  for (std::int64_t e : chosen) {
    routing.experts.push_back(e);
    routing.weights.push_back(score(logits[e]) / sum * scale);
  }
}

} // namespace

Routing routeLearned(View logits, View bias, double scale,
                     const RouteShape &shape) {
  Routing routing;
  for (std::int64_t t = 0; t < shape.rows; ++t) {
    const double *row = &logits[t * shape.experts];
    Values keys(shape.experts);
    for (std::int64_t e = 0; e < shape.experts; ++e)
      keys[e] = score(row[e]) + bias[e];
    std::vector<std::int64_t> order(shape.experts);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return keys[a] != keys[b] ? keys[a] > keys[b] : a < b;
    });
    routing.margin.push_back(shape.chosen == shape.experts
                                 ? noChoice
                                 : keys[order[shape.chosen - 1]] -
                                       keys[order[shape.chosen]]);
    order.resize(shape.chosen);
    appendRow(routing, std::move(order), row, scale);
  }
  return routing;
}

Routing routeByTable(View logits, std::span<const std::int64_t> table,
                     std::span<const std::int64_t> ids, double scale,
                     const RouteShape &shape) {
  Routing routing;
  for (std::int64_t t = 0; t < shape.rows; ++t) {
    auto chosen = table.subspan(ids[t] * shape.chosen, shape.chosen);
    appendRow(routing, {chosen.begin(), chosen.end()},
              &logits[t * shape.experts], scale);
    routing.margin.push_back(noChoice);
  }
  return routing;
}

} // namespace sluice::reference
