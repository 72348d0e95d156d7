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

    Refuses: logits that others read; a route whose logits no product makes.
  }];
}

def FuseStreamsPass : FusePass<"streams"> {
  let summary = "hyper-connections: post of a site, pre of the next, and its norm";
  let description = [{
    `hc.post` or `hc.expand` -> `hc.pre` or `hc.head` -> `hc.norm` share a dispatch:
    the collapsed row never reaches memory. The streams do, as the next post reads
    them.

    Refuses: streams that nothing of the step makes; a collapsed row that others
    than one norm read (then post and pre alone are fused).
  }];
}

def FuseExpertsPass : FusePass<"experts"> {
  let summary = "SwiGLU with both its products; the sum of experts with theirs";
  let description = [{
    The gate and up product of a `moe.glu`, routed or shared, share its dispatch: a
    block multiplies both and goes on with their outputs. So do the down products,
    routed and shared, and the `moe.combine` that adds them, in two stages: every
    product first, then each row in the order of its experts, without atomics.

    Refuses: products that others read, or of different shapes.
  }];
}

def FuseIndexerPass : FusePass<"indexer"> {
  let summary = "the indexer's rope with its scores and choice";
  let description = [{
    `attn.rope` -> `attn.select` share a dispatch: on a CPU a block turns the queries
    of its row and scores with them.

    Refuses: queries that others read, or that are rounded in between (`native`).
  }];
}

def FuseSharedInputPass : FusePass<"shared-input"> {
  let summary = "all products that read one value in one launch";
  let description = [{
    Every `scaled.linear` of one x, alone or first in a dispatch, shares one dispatch,
    side by side: x is read while it is near, and one launch has the blocks of all.

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

    Refuses: values that others read inside a chain; roundings (`native`) end it.
  }];
}

#endif
