#pragma once

#include "dialects/plan/PlanDialect.h"
#include "runtime/plan/plan_generated.h"

#include <optional>
#include <string>

namespace mlir::sluice {

/// One fb.Stack, less its layers: what plan.fbs says of the fields.
struct StackRecord {
  std::string name;
  ::sluice::fb::DType dtype;
  SmallVector<uint64_t, 4> shape;
  uint32_t table = 0;
  uint64_t offset = 0, stride = 0; // bytes
};

/// How the plan stores elements of `type`; nothing where it has no name for it.
std::optional<::sluice::fb::DType> dtypeOf(Type type);

/// The records of `stack`, in the order of a launch's words: one of a plain
/// tensor; of a !scaled.tensor its elements, then its scales. Errors: an
/// element type without a dtype; rows that cut a block of scales.
FailureOr<SmallVector<StackRecord, 2>> stackRecords(plan::StackOp stack);

} // namespace mlir::sluice
