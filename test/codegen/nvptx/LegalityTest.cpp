// What LLVM would die of is a diagnostic that names kernel and operation.

#include "codegen/nvptx/Legality.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::sluice;

namespace {

/// The diagnostic of a kernel with this line for `target`; "" if it is legal.
std::string said(const std::string &line, StringRef target) {
  MLIRContext context;
  context.loadDialect<LLVM::LLVMDialect>();
  std::string text;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { text += diagnostic.str(); });
  auto module = parseSourceString<ModuleOp>(
      "llvm.func @work(%x: f32, %y: f32) -> f32 {\n" + line +
          "\nllvm.return %x : f32 }",
      &context);
  EXPECT_TRUE(module) << text;
  LogicalResult legal =
      module ? checkLegal(*module, *findPtxTarget(target)) : failure();
  EXPECT_EQ(succeeded(legal), text.empty());
  return text;
}

TEST(LegalityTest, WhatLlvmSelectsIsLegal) {
  EXPECT_EQ(said("%0 = llvm.fadd %x, %y : f32", "sm_80"), "");
  EXPECT_EQ(
      said("%0 = llvm.intr.fma(%x, %y, %x) : (f32, f32, f32) -> f32", "sm_121"),
      "");
}

TEST(LegalityTest, WhatItCannotSelectIsNamed) {
  EXPECT_EQ(said("%0 = llvm.intr.exp(%x) : (f32) -> f32", "sm_80"),
            "kernel work: no PTX is known for llvm.intr.exp");
  EXPECT_EQ(
      said("%0 = llvm.call_intrinsic \"llvm.exp2.f32\"(%x) : (f32) -> f32",
           "sm_120"),
      "kernel work: no PTX is known for llvm.exp2.f32");
}

TEST(LegalityTest, WhatALaterProcessorHasIsNamedWithIt) {
  std::string line = "%0 = llvm.call_intrinsic \"llvm.nvvm.ff.to.e4m3x2.rn\""
                     "(%x, %y) : (f32, f32) -> i16";
  EXPECT_EQ(said(line, "sm_86"),
            "kernel work: no PTX is known for llvm.nvvm.ff.to.e4m3x2.rn before "
            "sm_89, the target is sm_86");
  EXPECT_EQ(said(line, "sm_89"), "");
}

} // namespace
