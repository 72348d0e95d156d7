#include "codegen/cpu/CpuImage.h"

#include "codegen/cpu/CompileObject.h"
#include "codegen/cpu/LinkImage.h"
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

/// A module with the stage functions of `target` only.
static OwningOpRef<ModuleOp> selectFunctions(ModuleOp module,
                                             StringRef target) {
  OwningOpRef<ModuleOp> selected = ModuleOp::create(module.getLoc());
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

static LogicalResult lowerToLlvm(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createCSEPass()); // argument words are loaded at each use
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return passes.run(module);
}

FailureOr<CpuImage> mlir::sluice::emitCpuImage(ModuleOp module,
                                               StringRef target) {
  OwningOpRef<ModuleOp> kernels = selectFunctions(module, target);
  if (failed(lowerToLlvm(*kernels)))
    return failure();
  FailureOr<llvm::SmallVector<char, 0>> object =
      compileObject(*kernels, target);
  if (failed(object))
    return failure();
  llvm::Expected<CpuImage> image =
      linkImage(StringRef(object->data(), object->size()));
  if (!image)
    return module.emitError()
           << target << ": " << llvm::toString(image.takeError());
  return std::move(*image);
}
