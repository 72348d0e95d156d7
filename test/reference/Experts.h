#pragma once

#include "test/reference/Route.h"

namespace sluice::reference {

/// silu(min(gate, limit)) * clip(up, -limit, limit), element by element. A
/// limit of 0 or less clips nothing.
Values glu(View gate, View up, double limit);

/// One gated feed-forward: gate and up are [inner, width], down [width, inner].
struct FeedForward {
  View gate, up, down;
  std::int64_t width = 0; // H
  std::int64_t inner = 0; // I
};
Values feedForward(View x, const FeedForward &weights, std::int64_t rows,
                   double limit);

/// y[t] = sum_j weight[t, j] * expert_{e[t, j]}(x[t]), j ascending. `gate` and
/// `up` are [E, I, H], `down` is [E, H, I].
struct ExpertStack {
  View gate, up, down;
  std::int64_t width = 0; // H
  std::int64_t inner = 0; // I
};
Values experts(View x, const ExpertStack &stack, const Routing &routing,
               const RouteShape &shape, double limit);

} // namespace sluice::reference
