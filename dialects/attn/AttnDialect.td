#ifndef SLUICE_ATTN_DIALECT
#define SLUICE_ATTN_DIALECT

include "mlir/IR/OpBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let summary = "attention over rings and compressed entries";
  let description = [{
    Ops that read or write per-sequence state, or depend on positions. A row's
    address is (log, slot, position); the batch supplies the last two, so no op
    sees a neighbour's rows. Readers of a ring take it as it was before the step
    and the step's own rows; `attn.commit` stores those after the step, wherever
    it stands in the text.
  }];
  let cppNamespace = "::mlir::sluice::attn";
  let dependentDialects = ["::mlir::sluice::plan::PlanDialect", "::mlir::sluice::scaled::ScaledDialect"];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = "void registerAttributes();";
}

#endif
