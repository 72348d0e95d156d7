#include "tools/pack/SourceTensors.h"

#include "frontend/names/NameTable.h"
#include "frontend/names/Names.h"
#include "runtime/base/Quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unordered_set>

namespace sluice {
namespace {

class Finder {
public:
  Finder(const Checkpoint &checkpoint, const ModelConfig &config, Names names)
      : checkpoint(checkpoint), config(config), names(std::move(names)),
        released(NameScheme::Released, config.moeIntermediate) {}

  Status findParams();
  Status findDrafts();
  Status addOthers(std::vector<std::string> &warnings);
  std::vector<SourceTensor> result;

private:
  Status find(const NameRow &row, int64_t layer);
  Status add(const NameRow &row, const ParamName &from, const ParamName &to,
             int64_t layer, int64_t expert);
  Status push(SourceTensor tensor);
  bool isDue(Param param, int64_t layer) const;

  const Checkpoint &checkpoint;
  const ModelConfig &config;
  Names names, released;
  std::set<const TensorInfo *> used;
};

/// Whether a model must have it; the layer counts for parameters of one.
bool Finder::isDue(Param param, int64_t layer) const {
  if (param == Param::Head)
    return !config.tieWordEmbeddings;
  if (param < Param::AttnNorm)
    return true;
  LayerType type = config.layerTypes[size_t(layer)];
  bool isHash = config.mlpTypes[size_t(layer)] == MlpType::Hash;
  if (param == Param::GateTid2eid || param == Param::GateBias)
    return isHash == (param == Param::GateTid2eid);
  if (param >= Param::IndexerWqB)
    return type == LayerType::Csa;
  return param < Param::CompressorApe || type != LayerType::Sliding;
}

std::optional<WeightClass> classOf(const NameRow &row) {
  if (!row.scaled)
    return std::nullopt;
  return row.released.find("{e}") == std::string_view::npos
             ? WeightClass::Dense
             : WeightClass::Experts;
}

Status Finder::push(SourceTensor tensor) {
  if (tensor.weights) {
    DType dtype = tensor.tensor->dtype;
    if (dtype != DType::F32 && dtype != DType::BF16)
      return badInput(fmt::format(
          "tensor {}: expected F32 or BF16 to quantize from, found {}{}",
          inQuotes(tensor.tensor->name), dtypeName(dtype),
          dtype == DType::F16 ? "; convert the checkpoint first"
                              : "; pack the model it was quantized from"));
    if (tensor.shape.size() != 2)
      return badInput(
          fmt::format("expected a matrix, found {}", describe(*tensor.tensor)));
  }
  used.insert(tensor.tensor);
  result.push_back(std::move(tensor));
  return {};
}

Status Finder::add(const NameRow &row, const ParamName &from,
                   const ParamName &to, int64_t layer, int64_t expert) {
  std::string name = fillName(from.scope + from.leaf, layer, expert);
  const TensorInfo *tensor = checkpoint.find(name);
  if (!tensor)
    return badInput(fmt::format("{}: the checkpoint has no tensor {}",
                                checkpoint.directory(), inQuotes(name)));
  SourceTensor source{.name = fillName(to.scope + to.leaf, layer, expert),
                      .tensor = tensor,
                      .offset = tensor->offset,
                      .shape = tensor->shape,
                      .bytes = tensor->bytes,
                      .weights = classOf(row)};
  bool isStack = to.leaf.find("{e}") != std::string::npos &&
                 from.leaf.find("{e}") == std::string::npos;
  if (!isStack)
    return push(std::move(source));
  // One tensor for all experts, perhaps w1 on top of w3.
  std::vector<int64_t> due = {config.experts,
                              from.rows ? from.rows->of : source.shape[1]};
  if (source.shape.size() != 3 || source.shape[0] != due[0] ||
      source.shape[1] != due[1])
    return badInput(
        fmt::format("expected {} stacked matrices{}, found {}", due[0],
                    from.rows ? fmt::format(" of {} rows", due[1]) : "",
                    describe(*tensor)));
  int64_t first = from.rows ? from.rows->from : 0;
  int64_t rows = from.rows ? from.rows->to - from.rows->from : due[1];
  // Sizes of parts of a tensor that was checked to fit its file.
  uint64_t rowBytes = uint64_t(source.shape[2]) * dtypeBytes(tensor->dtype);
  source.offset += uint64_t(expert * due[1] + first) * rowBytes;
  source.bytes = uint64_t(rows) * rowBytes;
  source.shape = {rows, source.shape[2]};
  return push(std::move(source));
}

Status Finder::find(const NameRow &row, int64_t layer) {
  ParamName from = names.of(row.param), to = released.of(row.param);
  bool perExpert = to.leaf.find("{e}") != std::string::npos;
  if (!isDue(row.param, layer) &&
      !checkpoint.find(fillName(from.scope + from.leaf, layer)))
    return {};
  for (int64_t e = 0; e < (perExpert ? config.experts : 1); ++e)
    SLUICE_TRY(add(row, from, to, layer, e));
  return {};
}

Status Finder::findParams() {
  for (const NameRow &row : nameTable()) {
    bool perLayer = row.released.starts_with("layers.");
    for (int64_t layer = 0; layer < (perLayer ? config.layers : 1); ++layer)
      SLUICE_TRY(find(row, layer));
  }
  return {};
}

/// "ffn.experts.7.w1.weight" -> "ffn.experts.{e}.w1.weight"
std::string withoutExpert(std::string_view name) {
  constexpr std::string_view before = "experts.";
  size_t at = name.find(before);
  if (at == std::string_view::npos)
    return std::string(name);
  size_t from = at + before.size();
  size_t to = name.find_first_not_of("0123456789", from);
  if (to == from || to == std::string_view::npos) // shared_experts.w1
    return std::string(name);
  return fmt::format("{}{{e}}{}", name.substr(0, from), name.substr(to));
}

/// A draft layer has the parameters of a layer and two products of its own.
Status Finder::findDrafts() {
  std::map<std::string, WeightClass, std::less<>> weights = {
      {"e_proj.weight", WeightClass::Dense},
      {"h_proj.weight", WeightClass::Dense}};
  constexpr std::string_view layer = "layers.{}.", model = "model.";
  for (const NameRow &row : nameTable())
    if (row.scaled)
      weights.emplace(row.released.substr(layer.size()), *classOf(row));
  for (const TensorInfo &tensor : checkpoint.tensors()) {
    if (!isDraftTensor(tensor.name))
      continue;
    std::string_view name = tensor.name;
    if (name.starts_with(model))
      name.remove_prefix(model.size());
    SourceTensor source{.name = std::string(name),
                        .tensor = &tensor,
                        .offset = tensor.offset,
                        .shape = tensor.shape,
                        .bytes = tensor.bytes,
                        .weights = {}};
    size_t digits = name.find('.') + 1; // "mtp.0.": the number of the layer
    size_t leaf = name.find('.', digits);
    if (leaf != std::string_view::npos)
      if (auto it = weights.find(withoutExpert(name.substr(leaf + 1)));
          it != weights.end())
        source.weights = it->second;
    SLUICE_TRY(push(std::move(source)));
  }
  return {};
}

Status Finder::addOthers(std::vector<std::string> &warnings) {
  for (const TensorInfo &tensor : checkpoint.tensors()) {
    if (used.contains(&tensor))
      continue;
    warnings.push_back(
        fmt::format("tensor {} is none of the model's; it is copied as it is",
                    inQuotes(tensor.name)));
    SLUICE_TRY(push({.name = tensor.name,
                     .tensor = &tensor,
                     .offset = tensor.offset,
                     .shape = tensor.shape,
                     .bytes = tensor.bytes,
                     .weights = {}}));
  }
  return {};
}

} // namespace

Result<std::vector<SourceTensor>>
sourceTensors(const Checkpoint &checkpoint, const ModelConfig &config,
              std::vector<std::string> &warnings) {
  SLUICE_ASSIGN(Names names, Names::detect(checkpoint, config.moeIntermediate));
  Finder finder(checkpoint, config, std::move(names));
  SLUICE_TRY(finder.findParams());
  SLUICE_TRY(finder.findDrafts());
  SLUICE_TRY(finder.addOthers(warnings));
  std::sort(finder.result.begin(), finder.result.end(),
            [](const SourceTensor &a, const SourceTensor &b) {
              return std::pair(a.tensor->shard, a.offset) <
                     std::pair(b.tensor->shard, b.offset);
            });
  std::unordered_set<std::string_view> seen;
  for (const SourceTensor &tensor : finder.result)
    if (!seen.insert(tensor.name).second)
      return badInput(fmt::format("{}: two tensors would both be named {}",
                                  checkpoint.directory(),
                                  inQuotes(tensor.name)));
  return std::move(finder.result);
}

} // namespace sluice
