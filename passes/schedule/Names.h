#pragma once

#include "dialects/plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>

namespace mlir::sluice {

/// A scope's whole prefix: the template, and the layer that fills its "{}".
struct ScopeName {
  std::string prefix;
  std::optional<int64_t> layer;
};

/// The name of `scope`, a value defined by a plan.scope.
ScopeName nameOf(Value scope);

/// Replaces every plan.param and plan.log of the flat `entry` by plan.weight
/// and plan.handle, one for each weight and log, and puts the stacks and states
/// they are positions in before the entry. Scopes that nobody uses any more go.
/// Errors: a scope that is no plan.scope; a leaf with "{}"; one name with two
/// types.
LogicalResult foldNames(func::FuncOp entry);

} // namespace mlir::sluice
