#pragma once

#include "frontend/config/ModelConfig.h"
#include "frontend/names/Names.h"
#include "runtime/weights/Checkpoint.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Types.h"
#include "llvm/ADT/DenseSet.h"

#include <string>

namespace mlir::sluice::importer {

/// What a weight may be stored as.
enum class Role {
  Vector, // F32, BF16
  Matrix, // a factor of a product, or the embedding: block-scaled too
  Ids,    // I64, I32
};

/// From names to stored types. A fault (no such tensor, another shape, a type
/// that the role does not take) is reported once, and a plain f32 type stands
/// in, so that one import finds all faults of a checkpoint.
class WeightTypes {
public:
  WeightTypes(MLIRContext *context, const ::sluice::ModelConfig &config,
              const ::sluice::Checkpoint &checkpoint, ::sluice::Names names);

  ::sluice::ParamName nameOf(::sluice::Param param) const {
    return names.of(param);
  }

  /// Type of the weight `name` of `layer`, which is `shape` to the model:
  /// [experts, O, K] for a stacked one ("{e}" or rows of a larger tensor).
  Type typeOf(const ::sluice::ParamName &name, int64_t layer,
              ArrayRef<int64_t> shape, Role role);

  /// Reports `sentence`; after the tenth only counts.
  void fault(const Twine &sentence);
  /// Whether there was a fault; says how many were not shown.
  bool finish();

  /// The tensors that typeOf has seen.
  const llvm::DenseSet<const ::sluice::TensorInfo *> &used() const {
    return theUsed;
  }

private:
  const ::sluice::TensorInfo *find(StringRef name);
  /// Null after a fault. `shape` counts numbers, not bytes.
  Type stored(const ::sluice::TensorInfo &tensor, StringRef scaleName,
              ArrayRef<int64_t> shape, Role role);
  Type scaledType(const ::sluice::TensorInfo &tensor, StringRef scaleName,
                  ArrayRef<int64_t> shape);

  MLIRContext *context;
  const ::sluice::ModelConfig &config;
  const ::sluice::Checkpoint &checkpoint;
  ::sluice::Names names;
  llvm::DenseSet<const ::sluice::TensorInfo *> theUsed;
  unsigned faults = 0;
};

} // namespace mlir::sluice::importer
