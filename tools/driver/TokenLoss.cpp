#include "tools/driver/TokenLoss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

/// What the blocks of a grid share; its address is their only argument.
struct Job {
  const float *logits; // [tokens, vocabulary]
  size_t vocabulary;
  const int32_t *tokens;
  double *losses; // NaN: of these logits there is none
};

void oneBlock(const uint64_t *args, uint32_t x, uint32_t, uint32_t, void *) {
  const Job &job = *reinterpret_cast<const Job *>(args[0]);
  Result<double> loss = tokenLoss(
      {job.logits + x * job.vocabulary, job.vocabulary}, job.tokens[x]);
  job.losses[x] = loss.ok() ? *loss : std::numeric_limits<double>::quiet_NaN();
}

} // namespace

Result<double> tokenLoss(std::span<const float> logits, int32_t token) {
  float top = -INFINITY;
  for (float x : logits) {
    if (std::isnan(x) || x == INFINITY)
      return deviceError(fmt::format("logit {} is {}", &x - logits.data(), x));
    top = std::max(top, x);
  }
  if (top == -INFINITY)
    return deviceError("all logits are -inf");
  double sum = 0; // at least 1, as the largest adds that
  for (float x : logits)
    sum += std::exp(double(x) - double(top));
  return std::log(sum) - (double(logits[size_t(token)]) - double(top));
}

Result<TokenLosses> TokenLosses::create(unsigned threads) {
  SLUICE_ASSIGN(std::unique_ptr<ThreadPool> pool, ThreadPool::create(threads));
  return TokenLosses(std::move(pool));
}

Status TokenLosses::compute(std::span<const float> logits,
                            std::span<const int32_t> tokens, uint64_t first,
                            std::span<double> losses) {
  if (tokens.empty())
    return {};
  size_t vocabulary = logits.size() / tokens.size();
  Job job{logits.data(), vocabulary, tokens.data(), losses.data()};
  auto argument = reinterpret_cast<uint64_t>(&job);
  pool->run({oneBlock, &argument, uint32_t(tokens.size()), 1, 1});
  for (size_t i = 0; i < tokens.size(); ++i)
    if (std::isnan(losses[i]))
      return tokenLoss(logits.subspan(i * vocabulary, vocabulary), tokens[i])
          .status()
          .in(fmt::format("what predicts token {} of the text", first + i));
  return {};
}

} // namespace sluice
