#ifndef SLUICE_SCALED_DIALECT
#define SLUICE_SCALED_DIALECT

include "mlir/IR/OpBase.td"

def Scaled_Dialect : Dialect {
  let name = "scaled";
  let summary = "block-scaled numbers and the products over them";
  let description = [{
    A weight whose elements share scales by blocks is one value of one type, so
    neither the importer nor a pass branches on quantization.
  }];
  let cppNamespace = "::mlir::sluice::scaled";
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = "void registerAttributes(); void registerTypes();";
}

#endif
