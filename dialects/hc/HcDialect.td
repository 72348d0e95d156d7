#ifndef SLUICE_HC_DIALECT
#define SLUICE_HC_DIALECT

include "mlir/IR/OpBase.td"

def Hc_Dialect : Dialect {
  let name = "hc";
  let summary = "hyper-connections: parallel residual streams, and the norms between";
  let description = [{
    A token's residual is n streams of H channels. Before a block they are
    collapsed to one (`hc.pre`), after it its output is spread and the streams are
    mixed (`hc.post`) by a doubly stochastic matrix.
  }];
  let cppNamespace = "::mlir::sluice::hc";
}

#endif
