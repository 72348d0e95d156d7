#pragma once

#include "frontend/importer/Kinds.h"
#include "frontend/importer/WeightTypes.h"

#include "dialects/attn/AttnDialect.h"
#include "mlir/IR/Builders.h"

namespace mlir::sluice::importer {

/// The body of one function while it is written: where ops go, what scopes of
/// names it has, and which layer's checkpoint names give the types.
///
/// `at("q")` is a location that names a value, so that IR prints as %q.
class BlockBuilder : public OpBuilder {
public:
  /// Writes at the end of `body`.
  BlockBuilder(Block *body, Kinds &kinds, WeightTypes &weights,
               const ::sluice::ModelConfig &config);

  const ::sluice::ModelConfig &config;
  WeightTypes &weights;

  /// The layer that "{}" of names stands for from here on, in the entry.
  void enterLayer(int64_t number);

  Location at(StringRef name);
  /// tensor<?x`columns`xf32>
  RankedTensorType rows(int64_t columns);
  RankedTensorType intRows(int64_t columns);

  /// The scope of the prefix `text`, e.g. "model.layers.{}.self_attn.": made
  /// once, under the longest scope that is there.
  Value scope(StringRef text);
  /// The prefix of the layer's names, e.g. "model.layers.{}.", and its scope.
  std::string layerPrefix() const;
  Value layerScope();
  /// A weight, of `shape` to the model.
  Value weight(::sluice::Param param, ArrayRef<int64_t> shape,
               Role role = Role::Matrix);
  Value log(StringRef name, ArrayRef<int64_t> row, int64_t keep,
            int64_t every = 1);

  Value linear(StringRef name, Value x, Value w, int64_t groups = 1);
  Value norm(StringRef name, Value x, Value w = {}, int64_t heads = 1);
  Value rope(StringRef name, Value x, Value batch, attn::RopeAttr rope,
             int64_t heads = 1, bool inverse = false);

  /// Calls the kind that `body` writes, with `values` and then the scopes of
  /// the prefixes `scopes` as arguments. `body` returns the results.
  using Body =
      function_ref<SmallVector<Value>(BlockBuilder &inner, ValueRange values)>;
  ResultRange call(StringRef kind, ValueRange values,
                   ArrayRef<std::string> scopes, Body body);

private:
  Kinds &kinds;
  SmallVector<std::pair<std::string, Value>> scopes; // prefix, value
  int64_t layer = 0;
};

} // namespace mlir::sluice::importer
