#pragma once

#include "dialects/plan/PlanDialect.h"
#include "runtime/plan/plan_generated.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::sluice {

/// The expressions of a plan: each once, numbered as they were first asked for.
class ExprPool {
public:
  /// The index into Plan.exprs of `expr`.
  uint32_t index(plan::ExprAttr expr);
  uint32_t index(MLIRContext *context, int64_t value) {
    return index(plan::ExprAttr::constant(context, value));
  }

  /// Plan.symbols: all that exist, in the order in which expressions number
  /// them.
  static flatbuffers::Offset<
      flatbuffers::Vector<flatbuffers::Offset<::sluice::fb::Symbol>>>
  writeSymbols(flatbuffers::FlatBufferBuilder &builder);

  /// Plan.exprs.
  flatbuffers::Offset<
      flatbuffers::Vector<flatbuffers::Offset<::sluice::fb::Expr>>>
  write(flatbuffers::FlatBufferBuilder &builder) const;

private:
  llvm::MapVector<plan::ExprAttr, uint32_t> indices;
};

} // namespace mlir::sluice
