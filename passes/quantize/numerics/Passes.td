#ifndef SLUICE_NUMERICS_PASSES
#define SLUICE_NUMERICS_PASSES

include "mlir/Pass/PassBase.td"

def NumericsPass : Pass<"sluice-numerics", "ModuleOp"> {
  let summary = "what activations and state are rounded to";
  let description = [{
    `exact` changes nothing: f32 everywhere. `bf16` gives bf16 to activations and to
    the rows of state; f32 keep what scores, mixes and pools (docs/numerics.md has the
    list). `native` also rounds where the checkpoint's kernels did: inputs of products
    over FP8 and MXFP4 weights, window rows, compressed entries, the indexer's queries
    and keys; and experts are weighted before their last product. The mode is left in
    `plan.numerics` of the module.

    Needs: a flat step (sluice-flatten) in f32. Gives: the same step; a rounding is a
    type or a `scaled.round`, so that no later pass skips one without seeing it.
  }];
  let dependentDialects = ["::mlir::sluice::scaled::ScaledDialect"];
  let options = [
    Option<"mode", "mode", "std::string", "\"exact\"", "exact, bf16 or native">];
}

#endif
