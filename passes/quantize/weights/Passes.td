#ifndef SLUICE_QUANTIZE_PASSES
#define SLUICE_QUANTIZE_PASSES

include "mlir/Pass/PassBase.td"

def QuantizePass : Pass<"sluice-quantize", "ModuleOp"> {
  let summary = "stored types of weights, as `sluice pack` would write them";
  let description = [{
    Gives the stacks that products read the block-scaled types that `rules` ask for,
    and notes the choice in their `quantized`. `experts` are the weights of
    `moe.matmul`, `dense` those of `scaled.linear`, less those whose product scores,
    pools or is an output: they stay as they are. A stack whose layers are chosen
    differently becomes several. Patterns are held against the names of the stacks:
    these are the released ones in a checkpoint in released names.

    The result is the flat step of the checkpoint that `sluice pack` makes with the
    same rules, so what a rule does to kernels and memory can be seen without
    packing.

    Needs: a flat step (sluice-flatten). Errors: rules that are none, a pattern that
    matches nothing, a name that two patterns match, experts of one layer with
    different formats, a weight that is quantized already.
  }];
  let dependentDialects = ["::mlir::sluice::scaled::ScaledDialect"];
  let options = [
    Option<"rules", "rules", "std::string", "\"none\"", "such as dense=fp8,experts=mxfp4">];
}

#endif
