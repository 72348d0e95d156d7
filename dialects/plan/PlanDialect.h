#pragma once

#include "dialects/plan/PlanExpr.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/plan/PlanDialect.h.inc"

namespace mlir::sluice::plan {
/// Attribute of what has rows of its own: arguments of the entry, ops that
/// share a kernel.
inline constexpr llvm::StringLiteral kRows = "plan.rows";
} // namespace mlir::sluice::plan

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/PlanAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanTypes.h.inc"

#include "dialects/plan/PlanInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/plan/PlanOps.h.inc"
