// Images of a whole small model: what instructions are in them, and what they
// may not contain. That they compute the right numbers is shown in
// test/passes/lower and test/e2e.
#include "codegen/cpu/CpuImage.h"

#include "dialects/AllDialects.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/AllPasses.h"
#include "passes/pipelines/Pipelines.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::sluice;

namespace {

class CpuImageTest : public testing::Test {
protected:
  CpuImageTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> lowered() {
    auto module = parseSourceFile<ModuleOp>(
        SLUICE_TEST_DATA "/passes/schedule/three-layers.mlir", &context);
    PassManager passes(&context);
    buildPipeline(passes, {});
    return module && succeeded(passes.run(*module)) ? std::move(module)
                                                    : nullptr;
  }

  MLIRContext context;
};

/// Instructions of the code that begin with 0x62: in 64-bit mode, EVEX. Fails
/// the test on bytes that are no instruction.
int countEvex(const CpuImage &image, int &instructions) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  std::unique_ptr<llvm::MCRegisterInfo> registers(
      target->createMCRegInfo(triple));
  std::unique_ptr<llvm::MCAsmInfo> assembly(
      target->createMCAsmInfo(*registers, triple, {}));
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, "x86-64-v4", ""));
  llvm::MCContext context(triple, assembly.get(), registers.get(),
                          subtarget.get());
  std::unique_ptr<llvm::MCDisassembler> disassembler(
      target->createMCDisassembler(*subtarget, context));
  llvm::ArrayRef<uint8_t> code(
      reinterpret_cast<const uint8_t *>(image.bytes.data()), image.codeBytes);
  int evex = 0;
  for (uint64_t at = 0, size = 0; at < code.size(); at += size) {
    llvm::MCInst instruction;
    if (disassembler->getInstruction(instruction, size, code.slice(at), at,
                                     llvm::nulls()) !=
        llvm::MCDisassembler::Success) {
      ADD_FAILURE() << "no instruction at " << at;
      return -1;
    }
    evex += code[at] == 0x62;
    ++instructions;
  }
  return evex;
}

TEST_F(CpuImageTest, OnlyTheV4ImageHasEvexInstructions) {
  OwningOpRef<ModuleOp> module = lowered();
  ASSERT_TRUE(module);
  FailureOr<CpuImage> v3 = emitCpuImage(*module, "x86-64-v3");
  FailureOr<CpuImage> v4 = emitCpuImage(*module, "x86-64-v4");
  ASSERT_TRUE(succeeded(v3) && succeeded(v4));
  int instructions = 0;
  EXPECT_EQ(countEvex(*v3, instructions), 0);
  EXPECT_GT(instructions, 10000);
  EXPECT_GT(countEvex(*v4, instructions), 1000);
  EXPECT_EQ(v3->entries.size(), v4->entries.size());
}

TEST_F(CpuImageTest, EqualModulesGiveEqualBytes) {
  OwningOpRef<ModuleOp> module = lowered();
  ASSERT_TRUE(module);
  FailureOr<CpuImage> first = emitCpuImage(*module, "x86-64-v4");
  FailureOr<CpuImage> second = emitCpuImage(*module, "x86-64-v4");
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_TRUE(first->bytes == second->bytes);
}

/// What an image of this text is refused for.
std::string refusal(MLIRContext &context, const char *text) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  auto module = parseSourceString<ModuleOp>(text, &context);
  return module && failed(emitCpuImage(*module, "x86-64-v3")) ? message
                                                              : "accepted";
}

TEST_F(CpuImageTest, AnOutsideSymbolIsRefused) {
  EXPECT_EQ(refusal(context, R"(
    func.func @k(%args: !llvm.ptr, %x: i32, %y: i32, %z: i32, %s: !llvm.ptr)
        attributes {sluice.target = "x86-64-v3"} {
      %v = llvm.load %args : !llvm.ptr -> f32
      %e = llvm.intr.exp(%v) : (f32) -> f32
      llvm.store %e, %s : f32, !llvm.ptr
      return
    })"),
            "x86-64-v3: kernels need the outside symbol \"expf\"");
}

} // namespace
