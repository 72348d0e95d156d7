#ifndef SLUICE_PLAN_INTERFACES
#define SLUICE_PLAN_INTERFACES

include "mlir/IR/OpBase.td"

def Plan_KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::mlir::sluice::plan";
  let description = [{
    An op of the model IR that becomes a kernel of its own. Its rows follow from
    the step's symbols; all other dimensions are static.
  }];
  let methods = [
    InterfaceMethod<
      "Rows (dimension 0) of result `index`, from the rows of the operands.",
      "::mlir::sluice::plan::ExprAttr", "inferRows",
      (ins "unsigned":$index,
           "::llvm::function_ref<::mlir::sluice::plan::ExprAttr(::mlir::Value)>":$rowsOf),
      "", [{
        for (Value operand : $_op->getOperands())
          if (isa<RankedTensorType>(operand.getType()))
            return rowsOf(operand);
        return nullptr;
      }]>,
    InterfaceMethod<
      "The ring whose rows this op stores after the last reader, or null.",
      "::mlir::Value", "getCommittedLog", (ins), "", "return nullptr;">,
    InterfaceMethod<
      "The operand that result `index`, a log, is a handle to.",
      "::mlir::Value", "getWrittenLog", (ins "unsigned":$index), "",
      "return nullptr;">,
  ];
}

#endif
