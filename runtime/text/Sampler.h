#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice {

/// How a token is drawn from logits.
struct Sampling {
  float temperature = 1.0f; // logits are divided by it; 0: greedy
  uint32_t topK = 0;        // only the K largest logits; 0: all
  float topP = 1.0f;        // then only the likeliest that make this share
  uint64_t seed = 0;
};

/// Errors: InvalidArgument for a value out of its range: temperature finite and
/// >= 0, topP in (0, 1].
Status checkSampling(const Sampling &sampling);

/// Draws tokens. A draw depends on the logits, the parameters and (seed,
/// sequence, position) alone, so neither batch neighbours nor earlier draws
/// change it. Allocates when constructed, never afterwards; one thread at a
/// time.
class Sampler {
public:
  explicit Sampler(uint32_t vocabulary);

  /// The token at `position` (the position it will have) of sequence number
  /// `sequence`. Greedy takes the largest logit, the lowest id of equal ones.
  /// Errors: DeviceError if a logit is NaN or +inf, or all are -inf;
  /// InvalidArgument if there are not `vocabulary` logits.
  Result<int32_t> sample(std::span<const float> logits,
                         const Sampling &sampling, uint64_t sequence,
                         uint64_t position);

private:
  std::vector<uint32_t> order; // ids, rearranged to bring candidates together
  std::vector<double>
      weights; // by id: exp of the scaled logit less the largest
};

/// The lowest id of the largest logit. `logits` is not empty and has no NaN.
int32_t greedyToken(std::span<const float> logits);

} // namespace sluice
