#ifndef SLUICE_MOE_ENUMS
#define SLUICE_MOE_ENUMS

include "mlir/IR/EnumAttr.td"

def Moe_ScoringAttr : I32EnumAttr<"Scoring", "from router logits to scores",
  [I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Softmax", 1, "softmax">,
   I32EnumAttrCase<"Sigmoid", 2, "sigmoid">, I32EnumAttrCase<"SqrtSoftplus", 3, "sqrtsoftplus">]> {
  let cppNamespace = "::mlir::sluice::moe";
}

#endif
