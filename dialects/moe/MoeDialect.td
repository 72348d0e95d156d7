#ifndef SLUICE_MOE_DIALECT
#define SLUICE_MOE_DIALECT

include "mlir/IR/OpBase.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let summary = "mixture of experts: route, group, multiply, combine";
  let cppNamespace = "::mlir::sluice::moe";
}

#endif
