#pragma once

#include "test/reference/Linear.h"

#include <limits>

namespace sluice::reference {

constexpr double noChoice = std::numeric_limits<double>::infinity();

/// K experts for each token, ascending by expert.
struct Routing {
  std::vector<std::int64_t> experts; // [rows, K]
  Values weights;                    // [rows, K]
  /// By token, the gap between the last chosen and the first rejected value;
  /// noChoice where nothing was rejected.
  Values margin; // [rows]
};

struct RouteShape {
  std::int64_t rows = 0;
  std::int64_t experts = 0; // E
  std::int64_t chosen = 0;  // K
};

/// score = sqrt(softplus(logit)); the K largest score + bias are chosen (ties:
/// the smaller expert); weights are their scores without bias, summed to one,
/// times scale. logits is [rows, E], bias [E].
Routing routeLearned(View logits, View bias, double scale,
                     const RouteShape &shape);

/// The same weights for experts that a table names: table is [vocabulary, K].
Routing routeByTable(View logits, std::span<const std::int64_t> table,
                     std::span<const std::int64_t> ids, double scale,
                     const RouteShape &shape);

} // namespace sluice::reference
