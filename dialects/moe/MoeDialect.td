#ifndef SLUICE_MOE_DIALECT
#define SLUICE_MOE_DIALECT

include "mlir/IR/OpBase.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let summary = "mixture of experts: route, group, multiply, combine";
  let description = [{
    A row is given to K of E experts. `moe.route` chooses them, `moe.group` sorts the
    choices by expert, `moe.matmul` multiplies each expert's rows by its own weight,
    `moe.glu` lies between the two products, `moe.combine` adds up what a row's
    experts made of it.
  }];
  let cppNamespace = "::mlir::sluice::moe";
}

#endif
