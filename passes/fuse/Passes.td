#ifndef SLUICE_FUSE_PASSES
#define SLUICE_FUSE_PASSES

include "mlir/Pass/PassBase.td"

class FusePass<string name> : Pass<"sluice-fuse-" # name, "ModuleOp"> {
  let dependentDialects = ["::mlir::sluice::plan::PlanDialect"];
}

def FuseGatePass : FusePass<"gate"> {
  let summary = "router product, scoring, choice and grouping in one kernel";
  let description = [{
    `scaled.linear` -> `moe.route` -> `moe.group` share a dispatch. In a step of few
    rows a block has all logits of its rows, which never reach memory, if the
    router's weight is small; else they pass between two stages.

    Needs: a flat step (sluice-flatten). Gives: one dispatch a router.
    Saves: two launches a layer; with few rows the logits, written and read.

    Refuses: logits that others read; a route whose logits no product makes.
  }];
}

def FuseExpertsPass : FusePass<"experts"> {
  let summary = "SwiGLU with both its products; the sum of experts with theirs";
  let description = [{
    The gate and up product of a `moe.glu`, routed or shared, share its dispatch: a
    block multiplies both and goes on with their outputs. So do the down products,
    routed and shared, and the `moe.combine` that adds them, in two stages: every
    product first, then each row in the order of its experts, without atomics.

    Needs: a flat step (sluice-flatten). Gives: two dispatches a mixture.
    Saves: six launches a layer; gate and up, written and read, and one reading of x.

    Refuses: products that others read, or of different shapes.
  }];
}

def FuseIndexerPass : FusePass<"indexer"> {
  let summary = "the indexer's rope with its scores and choice";
  let description = [{
    `attn.rope` -> `attn.select` share a dispatch: a block turns the queries of its
    row, scores a tile of keys with them and keeps the best so far. Scores of more
    than a tile exist nowhere, fused or not.

    Needs: a flat step (sluice-flatten). Gives: one dispatch an indexer.
    Saves: a launch a layer with an indexer; its queries, written and read.

    Refuses: queries that others read, or that are rounded in between (`native`).
  }];
}

def FuseStreamsPass : FusePass<"streams"> {
  let summary = "hyper-connections: post of a site, pre of the next, and its norm";
  let description = [{
    `hc.post` or `hc.expand` -> `hc.pre` or `hc.head` -> `hc.norm` share a dispatch:
    the collapsed row never reaches memory. The streams do, as the next post reads
    them.

    Needs: a flat step (sluice-flatten). Gives: one dispatch between two sub-layers.
    Saves: four launches a layer; streams are read once less, the collapsed row is
    neither written nor read.

    Refuses: streams that nothing of the step makes; a collapsed row that others
    than one norm read (then post and pre alone are fused).
  }];
}

def FuseSharedInputPass : FusePass<"shared-input"> {
  let summary = "all products that read one value in one launch";
  let description = [{
    Every `scaled.linear` of one x, alone or first in a dispatch, shares one dispatch,
    side by side: x is read while it is near, and one launch has the blocks of all.

    Needs: what it follows to have run: gate and experts, whose dispatches it joins.
    Gives: one dispatch for all products of an x. Saves: a launch, and a reading of x,
    for each product but the first.

    Refuses: products of which one needs what another makes.
  }];
}

def FuseRowTailsPass : FusePass<"row-tails"> {
  let summary = "norms, ropes, compression and commits with what they follow";
  let description = [{
    Three kinds of dispatch. Attention: `hc.norm` -> `attn.rope` -> `attn.attend` ->
    `attn.rope` of one head go through one block. Tails: norms, ropes and compressors
    that follow from products of one x stand side by side. Commits stand beside the
    next output projection.

    Needs: to run last, as what follows from products goes where those have gone.
    Gives: no norm, rope, compressor or commit with a launch of its own. Saves: five
    to eleven launches a layer; queries and outputs of heads, written and read twice
    each.

    Refuses: values that others read inside a chain; roundings (`native`) end it.
  }];
}

#endif
