#ifndef SLUICE_LOWER_PASSES
#define SLUICE_LOWER_PASSES

include "mlir/Pass/PassBase.td"

def LowerPass : Pass<"sluice-lower", "::mlir::ModuleOp"> {
  let summary = "write every kernel's variants and stage functions";
  let description = [{
    For each plan.kernel and each target: the loops of its op over explicit
    vectors of 16 lanes (scf, vector, arith, math, llvm loads and stores), as
    functions `(args, bx, by, bz, scratch)`, and the plan.variant that names
    them. Correct for every shape (tier 0).

    Needs: a scheduled module. Gives: kernels have `values`, `sums` and at least
    one variant a target.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let options = [ListOption<"targets", "targets", "std::string",
                            "what to lower for; x86-64-v3 and x86-64-v4 when empty">];
}

#endif
