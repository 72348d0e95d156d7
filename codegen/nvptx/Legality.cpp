#include "codegen/nvptx/Legality.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace {

/// An operation of LLVM's dialect, or an intrinsic, that the NVPTX back end of
/// LLVM 22 selects, and the first processor that it does so for.
struct Rule {
  llvm::StringLiteral name;
  int processor = 80;
};

constexpr Rule kRules[] = {
    // What a function is made of.
    {"llvm.func"},
    {"llvm.return"},
    {"llvm.br"},
    {"llvm.cond_br"},
    {"llvm.mlir.global"},
    {"llvm.mlir.addressof"},
    {"llvm.mlir.constant"},
    {"llvm.mlir.poison"},
    {"llvm.mlir.undef"},
    {"llvm.mlir.zero"},
    // Integers.
    {"llvm.add"},
    {"llvm.sub"},
    {"llvm.mul"},
    {"llvm.udiv"},
    {"llvm.urem"},
    {"llvm.sdiv"},
    {"llvm.srem"},
    {"llvm.and"},
    {"llvm.or"},
    {"llvm.xor"},
    {"llvm.shl"},
    {"llvm.lshr"},
    {"llvm.ashr"},
    {"llvm.icmp"},
    {"llvm.select"},
    {"llvm.sext"},
    {"llvm.zext"},
    {"llvm.trunc"},
    {"llvm.intr.smax"},
    {"llvm.intr.smin"},
    {"llvm.intr.umax"},
    {"llvm.intr.umin"},
    // f32 and f16. Of functions only what is exact: LLVM has no exp, log or pow
    // here.
    {"llvm.fadd"},
    {"llvm.fsub"},
    {"llvm.fmul"},
    {"llvm.fdiv"},
    {"llvm.fneg"},
    {"llvm.fcmp"},
    {"llvm.fpext"},
    {"llvm.fptrunc"},
    {"llvm.fptosi"},
    {"llvm.sitofp"},
    {"llvm.uitofp"},
    {"llvm.intr.fma"},
    {"llvm.intr.fabs"},
    {"llvm.intr.sqrt"},
    {"llvm.intr.roundeven"},
    // Vectors and memory.
    {"llvm.bitcast"},
    {"llvm.extractelement"},
    {"llvm.insertelement"},
    {"llvm.shufflevector"},
    {"llvm.getelementptr"},
    {"llvm.load"},
    {"llvm.store"},
    // A thread's place, and what a warp does together.
    {"llvm.nvvm.read.ptx.sreg.tid.x"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.x"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.y"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.z"},
    {"llvm.nvvm.bar.warp.sync"},
    {"llvm.nvvm.shfl.sync.bfly.f32"},
    {"llvm.nvvm.shfl.sync.bfly.i32"},
    // What a block does together, and copies that nobody waits for yet.
    {"llvm.nvvm.barrier.cta.sync.aligned.all"},
    {"llvm.nvvm.cp.async.cg.shared.global.16"},
    {"llvm.nvvm.cp.async.wait.all"},
    // What later processors have.
    {"llvm.nvvm.ff.to.e4m3x2.rn", 89},
};

int processorOf(const mlir::sluice::PtxTarget &target) {
  int number = 0;
  target.name.drop_front(3).getAsInteger(10, number);
  return number;
}

StringRef nameOf(Operation *op) {
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
    return call.getIntrin();
  return op->getName().getStringRef();
}

} // namespace

LogicalResult mlir::sluice::checkLegal(ModuleOp kernels,
                                       const PtxTarget &target) {
  static const llvm::StringMap<int> known = [] {
    llvm::StringMap<int> result;
    for (const Rule &rule : kRules)
      result[rule.name] = rule.processor;
    return result;
  }();
  bool legal = true;
  kernels.walk([&](Operation *op) {
    if (op == kernels)
      return;
    auto found = known.find(nameOf(op));
    if (found != known.end() && found->second <= processorOf(target))
      return;
    legal = false;
    auto kernel = op->getParentOfType<LLVM::LLVMFuncOp>();
    InFlightDiagnostic error = op->emitError()
                               << "kernel " << (kernel ? kernel.getName() : "?")
                               << ": no PTX is known for " << nameOf(op);
    if (found != known.end())
      error << " before sm_" << found->second << ", the target is "
            << target.name;
  });
  return success(legal);
}
