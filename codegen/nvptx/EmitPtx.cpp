#include "codegen/nvptx/EmitPtx.h"

#include "codegen/llvm/StageFunctions.h"
#include "codegen/nvptx/Legality.h"
#include "codegen/nvptx/PtxTarget.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::sluice;

/// Shared addresses of 32 bits. LLVM has no other way to ask for them.
static void useShortPointers() {
  auto &options = llvm::cl::getRegisteredOptions();
  auto found = options.find("nvptx-short-ptr");
  if (found != options.end())
    static_cast<llvm::cl::opt<bool> *>(found->second)->setValue(true);
}

static std::unique_ptr<llvm::TargetMachine> makeMachine(const PtxTarget &target,
                                                        std::string &error) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  useShortPointers();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  llvm::TargetOptions options;
  // An fma stands only where a lowering wrote one.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, target.name, target.version, options, std::nullopt, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
}

/// What every kernel is, and what LLVM must not do to it.
static void setAttributes(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setCallingConv(llvm::CallingConv::PTX_Kernel);
    function.addFnAttr("no-builtins"); // there is no memcpy to call
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr(llvm::Attribute::Convergent);
    // Text that LLVM does not understand may be what threads do together.
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction);
          call && call->isInlineAsm())
        call->setConvergent();
  }
}

static LogicalResult emit(ModuleOp kernels, llvm::TargetMachine &machine,
                          std::string &text) {
  registerBuiltinDialectTranslation(*kernels.getContext());
  registerLLVMDialectTranslation(*kernels.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(kernels, context, "kernels");
  if (!module)
    return kernels.emitError() << "the kernels do not translate to LLVM IR";
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  setAttributes(*module);
  if (llvm::Error failed =
          makeOptimizingTransformer(3, 0, &machine)(module.get()))
    return kernels.emitError() << llvm::toString(std::move(failed));
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  llvm::CodeGenFileType::AssemblyFile))
    return kernels.emitError() << "LLVM cannot write PTX";
  passes.run(*module);
  text = bytes.str().str();
  return success();
}

FailureOr<std::string> mlir::sluice::emitPtx(ModuleOp module,
                                             StringRef target) {
  const PtxTarget *ptx = findPtxTarget(target);
  if (!ptx)
    return module.emitError() << "no PTX is made for \"" << target << "\"";
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(*ptx, error);
  if (!machine)
    return module.emitError() << "no LLVM back end for PTX: " << error;
  OwningOpRef<ModuleOp> kernels = selectStages(module, target);
  if (failed(lowerStages(*kernels)) || failed(checkLegal(*kernels, *ptx)))
    return failure();
  // Should LLVM give up on what the table has, that is a diagnostic as well.
  std::string text;
  LogicalResult done = failure();
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  if (!recovery.RunSafely([&] { done = emit(*kernels, *machine, text); }))
    return module.emitError()
           << target << ": LLVM's NVPTX back end gave up on the kernels";
  if (failed(done))
    return failure();
  return text;
}
