#include "codegen/llvm/StageFunctions.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::sluice;

OwningOpRef<ModuleOp> mlir::sluice::selectStages(ModuleOp module,
                                                 StringRef target) {
  OwningOpRef<ModuleOp> selected = ModuleOp::create(module.getLoc());
  for (LLVM::GlobalOp global : module.getOps<LLVM::GlobalOp>())
    if (global.getAddrSpace() != 0) // a GPU's
      selected->push_back(global->clone());
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    auto own = function->getAttrOfType<StringAttr>("sluice.target");
    if (!own || own != target)
      continue;
    Operation *copy = function->clone();
    copy->removeAttr("sluice.target");
    selected->push_back(copy);
  }
  return selected;
}

LogicalResult mlir::sluice::lowerStages(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createCSEPass()); // argument words are loaded at each use
  // Before branches are made: it merges blocks that are equal, and with them
  // what threads of a GPU must do together.
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return passes.run(module);
}
