#include "codegen/cpu/CompileObject.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

static std::unique_ptr<llvm::TargetMachine> makeMachine(StringRef target,
                                                        std::string &error) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  llvm::TargetOptions options;
  // An fma stands only where a lowering wrote one.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, target, /*Features=*/"", options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive));
}

/// What every stage function promises, and what LLVM must not do to it.
static void setAttributes(llvm::Module &module, StringRef target) {
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", target);
    // A loop that looks like memcpy or expf stays a loop: an image has no one
    // to call.
    function.addFnAttr("no-builtins");
    function.addFnAttr(llvm::Attribute::NoUnwind);
    if (target == "x86-64-v4") {
      // The level's tuning prefers 256 bits; our vectors are 512 wide.
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
    // Buffers of a launch are disjoint from its argument words and its scratch.
    for (unsigned index : {0u, 4u})
      if (index < function.arg_size())
        function.addParamAttr(index, llvm::Attribute::NoAlias);
    if (function.arg_size() > 4)
      function.addParamAttr(4, llvm::Attribute::getWithAlignment(
                                   module.getContext(), llvm::Align(64)));
  }
}

FailureOr<llvm::SmallVector<char, 0>>
mlir::sluice::compileObject(ModuleOp module, StringRef target) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(target, error);
  if (!machine)
    return module.emitError() << "no LLVM back end for x86-64: " << error;
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "kernels");
  if (!llvmModule)
    return module.emitError() << "the kernels do not translate to LLVM IR";
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  setAttributes(*llvmModule, target);
  if (llvm::Error failed =
          makeOptimizingTransformer(3, 0, machine.get())(llvmModule.get()))
    return module.emitError() << llvm::toString(std::move(failed));

  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
    return module.emitError() << "LLVM cannot write an object for " << target;
  passes.run(*llvmModule);
  return object;
}
