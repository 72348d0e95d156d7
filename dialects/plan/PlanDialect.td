#ifndef SLUICE_PLAN_DIALECT
#define SLUICE_PLAN_DIALECT

include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let summary = "names, state and the host schedule";
  let description = [{
    What a model module needs besides arithmetic: the ragged batch, weights by
    their checkpoint names, logs of per-sequence state, and, from
    `sluice-outline` on, kernels and their launches.
  }];
  let cppNamespace = "::mlir::sluice::plan";
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = "void registerTypes(); void registerAttributes();";
}

#endif
