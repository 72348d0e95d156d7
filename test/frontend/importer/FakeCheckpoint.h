#pragma once

#include "frontend/config/ModelConfig.h"
#include "frontend/importer/Importer.h"
#include "runtime/base/MappedFile.h"
#include "runtime/weights/Checkpoint.h"
#include "test/runtime/base/TestFolder.h"
#include "test/runtime/weights/SafetensorsText.h"

#include "dialects/AllDialects.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sluice {

/// Names, types and shapes of a golden checkpoint, to be changed by a test.
/// What it writes has no weights, only room for them: an importer that read
/// them would find zeros.
class FakeCheckpoint {
public:
  explicit FakeCheckpoint(const std::string &golden) {
    std::string folder = std::string(SLUICE_TEST_DATA) + "/golden/" + golden;
    Result<MappedFile> text = MappedFile::open(folder + "/config.json");
    Result<Checkpoint> checkpoint = Checkpoint::open(folder);
    if (!text.ok() || !checkpoint.ok()) {
      ADD_FAILURE() << "no golden " << golden;
      return;
    }
    config = text->text();
    for (const TensorInfo &tensor : checkpoint->tensors())
      tensors[tensor.name] = tensor;
  }

  /// The tensor `name`, which must be there.
  TensorInfo &at(const std::string &name) {
    EXPECT_TRUE(tensors.contains(name)) << name;
    return tensors[name];
  }
  void add(const std::string &name, DType dtype, std::vector<int64_t> shape) {
    tensors[name] = {.name = name, .dtype = dtype, .shape = std::move(shape)};
  }
  void rename(const std::string &from, const std::string &to) {
    TensorInfo tensor = at(from);
    tensors.erase(from);
    add(to, tensor.dtype, tensor.shape);
  }
  /// Replaces `from`, which must occur in config.json.
  void setConfig(const std::string &from, const std::string &to) {
    size_t place = config.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    config.replace(place, from.size(), to);
  }

  /// The files of the checkpoint, into `folder`.
  void write(const TestFolder &folder) const {
    std::string header;
    uint64_t end = 0;
    for (const auto &[name, tensor] : tensors) {
      uint64_t bytes = dtypeBytes(tensor.dtype);
      for (int64_t dim : tensor.shape)
        bytes *= static_cast<uint64_t>(dim);
      header += fmt::format(
          R"({}"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
          header.empty() ? "{" : ",", name, dtypeName(tensor.dtype),
          fmt::join(tensor.shape, ","), end, end + bytes);
      end += bytes;
    }
    header += header.empty() ? "{}" : "}";
    std::string path =
        folder.write("model.safetensors", headerLength(header.size()) + header);
    std::filesystem::resize_file(path, 8 + header.size() + end); // a hole
    folder.write("config.json", config);
  }

  std::map<std::string, TensorInfo> tensors;
  std::string config; // the text of config.json
};

/// An import, with what it said.
struct Imported {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module; // null when it failed
  std::string errors, warnings;             // one a line

  std::string text() {
    std::string result;
    llvm::raw_string_ostream out(result);
    if (module)
      module->print(out);
    return result;
  }
};

inline Imported importFolder(const std::string &folder) {
  Imported result;
  mlir::DialectRegistry registry;
  mlir::sluice::registerAllDialects(registry);
  result.context = std::make_unique<mlir::MLIRContext>(
      registry, mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler handler(
      result.context.get(), [&](mlir::Diagnostic &diagnostic) {
        bool error =
            diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        (error ? result.errors : result.warnings) += diagnostic.str() + "\n";
      });
  Result<MappedFile> text = MappedFile::open(folder + "/config.json");
  EXPECT_TRUE(text.ok());
  Result<ModelConfig> config = readModelConfig(text->text(), "config.json");
  EXPECT_TRUE(config.ok()) << config.status().message();
  Result<Checkpoint> checkpoint = Checkpoint::open(folder);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  if (!config.ok() || !checkpoint.ok())
    return result;
  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> module =
      mlir::sluice::importModel(result.context.get(), *config, *checkpoint);
  if (mlir::succeeded(module))
    result.module = std::move(*module);
  return result;
}

inline Imported importFake(const FakeCheckpoint &fake) {
  TestFolder folder;
  fake.write(folder);
  return importFolder(folder.path(""));
}

} // namespace sluice
