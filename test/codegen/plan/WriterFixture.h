#pragma once

#include "codegen/plan/PlanWriter.h"
#include "dialects/AllDialects.h"
#include "dialects/plan/PlanDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "runtime/plan/PlanReader.h"
#include "gtest/gtest.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

/// A context with our dialects that keeps the errors emitted in it.
class WriterTest : public testing::Test {
protected:
  WriterTest() {
    mlir::DialectRegistry registry;
    mlir::sluice::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diag) {
      errors += diag.str() + "\n";
      return mlir::success();
    });
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << errors;
    return module;
  }

  /// Gives every kernel one variant a target, of one stage in an image of
  /// zeros: enough for the plan, which does not look into images.
  static mlir::sluice::PlanParts
  addFakeVariants(mlir::ModuleOp module, std::vector<std::string> targets) {
    using namespace mlir::sluice::plan;
    mlir::sluice::PlanParts parts;
    mlir::OpBuilder builder(module.getContext());
    auto number = [&](int64_t n) {
      return ExprAttr::constant(module.getContext(), n);
    };
    for (const std::string &target : targets) {
      mlir::sluice::CpuImage image;
      for (auto kernel : module.getOps<KernelOp>()) {
        std::string name = kernel.getSymName().str() + "_s0";
        image.entries[name] = image.bytes.size();
        image.bytes.resize(image.bytes.size() + 16, char(parts.targets.size()));
        builder.setInsertionPointAfter(kernel);
        auto variant = VariantOp::create(
            builder, kernel.getLoc(), kernel.getSymName(), target, ExprAttr(),
            mlir::IntegerAttr(), mlir::IntegerAttr(), builder.getArrayAttr({}));
        builder.setInsertionPointToStart(&variant.getBody().emplaceBlock());
        StageOp::create(
            builder, kernel.getLoc(), name,
            builder.getArrayAttr({kernel.getRows(), number(1), number(1)}),
            number(0));
      }
      parts.targets.push_back({target, std::move(image)});
    }
    return parts;
  }

  /// What the runtime makes of `bytes`; they are kept for it.
  sluice::Result<sluice::PlanView> read(std::vector<uint8_t> bytes) {
    file = std::make_unique<std::vector<uint64_t>>(bytes.size() / 8 + 1);
    std::memcpy(file->data(), bytes.data(), bytes.size());
    SLUICE_ASSIGN(
        sluice::Container container,
        sluice::Container::read(std::span(
            reinterpret_cast<const uint8_t *>(file->data()), bytes.size())));
    return sluice::readPlan(container);
  }

  mlir::MLIRContext context;
  std::string errors;
  std::unique_ptr<std::vector<uint64_t>> file; // 8-byte aligned
};
