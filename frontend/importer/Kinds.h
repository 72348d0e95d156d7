#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::sluice::importer {

/// The kinds of block of a module: its private functions. A kind is what comes
/// out equal: each layer writes its own functions, and one that has an equal
/// already is dropped. So a layer whose weights are stored otherwise gets its
/// own kind without anybody listing what may differ.
class Kinds {
public:
  explicit Kinds(ModuleOp module) : module(module) {}

  /// The function equal to `function` under `name`, `name`_2 and so on;
  /// `function` itself, appended to the module, if there is none. Takes
  /// `function`, which is in no module yet.
  func::FuncOp add(StringRef name, func::FuncOp function);

private:
  ModuleOp module;
  llvm::StringMap<SmallVector<func::FuncOp>> kinds;
};

} // namespace mlir::sluice::importer
