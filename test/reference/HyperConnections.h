#pragma once

#include "test/reference/Linear.h"

// Streams are [rows, n, width]: n parallel residual streams of a token.
namespace sluice::reference {

struct HcShape {
  std::int64_t rows = 0;
  std::int64_t streams = 0; // n
  std::int64_t width = 0;   // H
};

struct HcNumbers {
  std::int64_t sinkhornIterations = 20;
  double normEpsilon = 1e-6; // inside the root only
  double epsilon = 1e-6;     // everywhere else
};

/// What hcPre hands to the sub-layer and to hcPost.
struct HcPre {
  Values input; // [rows, H]: the streams collapsed
  Values post;  // [rows, n]: how much of the output each stream receives
  Values comb;  // [rows, n, n]: [from][to], columns sum to one
};

/// Row softmax of [n, n] logits, then Sinkhorn: rows and columns in turn,
/// columns last.
Values sinkhorn(View logits, std::int64_t n, const HcNumbers &numbers);

/// fn is [(2 + n) n, n H], base [(2 + n) n], scale [3].
HcPre hcPre(View streams, View fn, View base, View scale, const HcShape &shape,
            const HcNumbers &numbers);

/// streams'[to] = post[to] y + sum_from comb[from][to] streams[from]; y is
/// [rows, H]. -> [rows, n, H]
Values hcPost(View y, View streams, View post, View comb, const HcShape &shape);

/// The last collapse: fn is [n, n H], base [n], scale [1]. -> [rows, H]
Values hcHead(View streams, View fn, View base, View scale,
              const HcShape &shape, const HcNumbers &numbers);

} // namespace sluice::reference
