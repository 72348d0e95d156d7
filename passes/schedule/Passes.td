#ifndef SLUICE_SCHEDULE_PASSES
#define SLUICE_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def FlattenPass : Pass<"sluice-flatten", "ModuleOp"> {
  let summary = "one flat step: kinds inlined, names folded into stacks and states";
  let description = [{
    Inlines every function that the entry calls, then folds names: each
    `plan.scope` with a `plan.param` or `plan.log` becomes a position in a
    `plan.stack` (one per name template, scale template, rows and type) or
    `plan.state`, layers ascending. Kept probes and the returned logits become
    `plan.output`; other probes go, with all that only they used.

    Needs: one function with `plan.entry` that returns the logits; callees of one
    block, not recursive. Gives: no func.call, plan.scope, plan.param, plan.log,
    plan.probe or private function is left, one handle a log, and the laws hold:
    (L1) one writer a log. (L3) who reads a ring is given the rows that its commit
    stores. (L5) who reads a paged log takes the handle its writer returned.
  }];
  let dependentDialects = ["::mlir::sluice::plan::PlanDialect"];
  let options = [
    ListOption<"keep", "keep", "std::string",
               "probes to make outputs: their names before the first dot">];
}

def OutlinePass : Pass<"sluice-outline", "ModuleOp"> {
  let summary = "every op or dispatch of the flat step becomes a kernel and a launch";
  let description = [{
    An op with KernelOpInterface, or arith.addf of tensors, or all that a
    `plan.dispatch` holds, moves into a `plan.kernel`; a `plan.launch` stands where it
    was. Ops equal in name, attributes, types and rows are one kernel, so layers of a
    kind share theirs.
    Weights, handles, the batch and outputs stay in the step.

    Needs: a flat step (sluice-flatten). Gives: no other op is left in it.
  }];
  let dependentDialects = ["::mlir::sluice::plan::PlanDialect"];
}

def SchedulePass : Pass<"sluice-schedule", "ModuleOp"> {
  let summary = "the order of launches; logs stop being values";
  let description = [{
    Orders the launches: as they stand, except that one which commits to a ring
    comes after every launch that reads that ring (law L2), and no later than it
    must. Then results of log type become the handle they go back to, so that text
    order alone orders state from here on. Outputs come last.

    Needs: kernels and launches (sluice-outline). Gives: kernels yield tensors only.
  }];
  let dependentDialects = ["::mlir::sluice::plan::PlanDialect"];
}

#endif
