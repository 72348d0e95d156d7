#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <cstdint>
#include <memory>
#include <span>

namespace sluice {

/// -log softmax(logits)[token], in nats. Summed in double, relative to the
/// largest logit, so nothing overflows. Infinite where the logit of `token` is
/// -inf. `token` is an index of `logits`. Errors: DeviceError if a logit is NaN
/// or +inf, or all are -inf.
Result<double> tokenLoss(std::span<const float> logits, int32_t token);

/// The same of many tokens, on threads of its own. How many changes no bit.
class TokenLosses {
public:
  /// Errors: as ThreadPool::create.
  static Result<TokenLosses> create(unsigned threads);

  /// `logits` is [tokens, vocabulary]; `losses` has as many entries as
  /// `tokens`, the first of which is token number `first` of a text. Errors: as
  /// tokenLoss.
  Status compute(std::span<const float> logits, std::span<const int32_t> tokens,
                 uint64_t first, std::span<double> losses);

private:
  explicit TokenLosses(std::unique_ptr<ThreadPool> pool)
      : pool(std::move(pool)) {}

  std::unique_ptr<ThreadPool> pool;
};

} // namespace sluice
