#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir::sluice {

/// What a host must have to run code for the CPU target `name`, as LLVM names
/// features; nothing for a target that we do not know.
std::optional<ArrayRef<StringRef>> targetFeatures(StringRef name);

} // namespace mlir::sluice
