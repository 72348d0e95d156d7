#pragma once

#include "llvm/ADT/Hashing.h"
#include <cstdint>
#include <optional>

namespace mlir::sluice::plan {

/// The same operations, in the same order, as sluice.fb.ExprOp (plan.fbs).
enum class ExprOp : uint8_t {
  Constant = 1,
  Symbol,
  Add,
  Mul,
  FloorDiv,
  CeilDiv,
  Mod,
  Min,
  Max
};

/// T rows, S sequences, L logit rows, N longest context of a step; their
/// largest values and the state's sizes in a context (P: tokens in a page).
enum class Symbol : uint8_t { T, S, L, N, MaxT, MaxS, MaxL, MaxN, Slots, P };
inline constexpr const char *symbolNames[] = {
    "T", "S", "L", "N", "maxT", "maxS", "maxL", "maxN", "slots", "P"};

/// One step of a postfix expression: push `value`, push symbol `value`, or
/// combine the two topmost.
struct ExprStep {
  ExprOp op;
  int64_t value = 0;
  bool operator==(const ExprStep &) const = default;
};

// The name by which llvm::hash_combine finds it.
// NOLINTNEXTLINE(readability-identifier-naming)
inline llvm::hash_code hash_value(const ExprStep &step) {
  return llvm::hash_combine(static_cast<uint8_t>(step.op), step.value);
}

} // namespace mlir::sluice::plan
