#pragma once

#include "runtime/executor/Context.h"

#include <memory>
#include <span>
#include <vector>

namespace sluice {

/// A context whose weights load under a line of progress, and until an
/// interrupt. Errors: as Context::create.
Result<std::unique_ptr<Context>> openContext(std::shared_ptr<const Model> model,
                                             ContextOptions options);

/// One sequence of tokens in a context of its own.
class Session {
public:
  /// Errors: as Context::create.
  static Result<Session> create(std::shared_ptr<const Model> model,
                                const ContextOptions &options);

  enum class Logits : uint8_t { None, Last, All };

  /// Runs the next `ids` (at most options().maxRows, at least one) and computes
  /// the logits of none, of the last, or of all of them. Errors: as
  /// Context::step.
  Status step(std::span<const int32_t> ids, Logits wanted);

  /// The wanted logits of the last step, [rows, vocabulary].
  Result<std::span<const float>> logits() { return context->logits(); }

  /// Forgets all tokens.
  Status reset() { return context->reset(0); }

  /// Tokens so far, and how many there may be.
  uint32_t length() const { return context->kept(0); }
  uint32_t longest() const { return context->options().maxContext; }
  Context &parts() { return *context; }

private:
  explicit Session(std::unique_ptr<Context> context);

  std::unique_ptr<Context> context;
  std::vector<int32_t> positions, slots, wantedRows; // of a step, reused
};

} // namespace sluice
