#ifndef SLUICE_PLAN_ATTRS
#define SLUICE_PLAN_ATTRS

include "dialects/plan/PlanDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Plan_ExprAttr : AttrDef<Plan_Dialect, "Expr"> {
  let mnemonic = "expr";
  let summary = "a small integer expression over the symbols of a step";
  let description = [{
    Built from numbers, symbols (T S L N of a step; maxT maxS maxL maxN slots P
    of a context), `+ * floordiv ceildiv mod min max` in 64-bit integers.
    Printed infix with parentheses: `#plan.expr<(T ceildiv 16) * 2>`. Stored in
    postfix order, as the plan file does.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::sluice::plan::ExprStep">:$steps);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static ExprAttr constant(MLIRContext *context, int64_t value);
    static ExprAttr symbol(MLIRContext *context, Symbol symbol);
    /// `lhs op rhs`, folded when both are numbers, and for * 1 and + 0.
    static ExprAttr binary(ExprOp op, ExprAttr lhs, ExprAttr rhs);
    std::optional<int64_t> asConstant() const;
    std::string str() const;
  }];
}

#endif
