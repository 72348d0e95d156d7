#include "tools/driver/DumpTables.h"

#include "runtime/base/Json.h"
#include "tools/driver/PlanWeights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice {
namespace {

Cell token(int32_t id) { return id < 0 ? Cell::none() : Cell(id); }

/// "0-5, 8" for people.
Cell layerList(std::span<const uint32_t> layers) {
  std::vector<Cell> items;
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1)
      ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", layers[i]);
    if (last > i)
      text += fmt::format("-{}", layers[last]);
    i = last + 1;
  }
  for (uint32_t layer : layers)
    items.emplace_back(layer);
  return Cell::of(std::move(text), Cell::list(items).json);
}

Cell shapeCell(std::span<const uint64_t> shape) {
  std::vector<Cell> items(shape.begin(), shape.end());
  return Cell::of(fmt::format("{}", fmt::join(shape, " x ")),
                  Cell::list(items).json);
}

Cell config(const PlanView::ModelInfo &model) {
  JsonWriter json;
  std::string text;
  json.beginObject();
  for (const PlanView::ConfigField &field : model.config) {
    // The value is JSON in a plan of ours; in another's it is text.
    Result<JsonDocument> value = JsonDocument::parse(field.value, "config");
    json.key(field.key);
    if (value.ok())
      json.raw(value->root().canonical());
    else
      json.value(field.value);
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field.key,
                        field.value);
  }
  json.endObject();
  return Cell::of(std::move(text), json.text());
}

} // namespace

Facts dumpPlan(const PlanFile &file) {
  const Container &container = file.container();
  return {{"path", file.path()},
          {"bytes", Cell::bytes(file.bytes())},
          {"format",
           fmt::format("{}.{}", container::major, container.minorVersion())},
          {"unknown_optional_features",
           fmt::format("{:#x}", container.unknownOptional())}};
}

Facts dumpModel(const PlanView &plan) {
  const PlanView::ModelInfo &model = plan.model;
  PlanWeights weights = weightsOf(plan);
  return {{"architecture", model.architecture},
          {"mode", plan.mode},
          {"identity", model.identity},
          {"vocabulary", model.vocabulary},
          {"max_context", model.maxContext},
          {"page_multiple", model.pageMultiple},
          {"bos", token(model.bos)},
          {"eos", token(model.eos)},
          {"weights", weights.tensors},
          {"weight_bytes", Cell::bytes(weights.bytes)},
          {"config", config(model)}};
}

Cell dumpProvenance(const PlanFile &file) {
  const Section *section = file.container().find(SectionKind::Provenance);
  if (!section)
    return Cell::none();
  std::string_view text(reinterpret_cast<const char *>(section->bytes.data()),
                        section->bytes.size());
  Result<JsonDocument> json = JsonDocument::parse(text, "provenance");
  if (!json.ok()) // it is for people; a plan without it runs as well
    return Cell(text);
  std::string canonical = json->root().canonical();
  return Cell::of(canonical, canonical);
}

Table dumpSections(const PlanFile &file) {
  Table table{{"section", "kind", "offset", "bytes"}, {}};
  for (const Section &section : file.container().sections())
    table.rows.push_back({table.rows.size(), sectionKindName(section.kind),
                          section.offset, Cell::bytes(section.bytes.size())});
  return table;
}

Table dumpTargets(const PlanView &plan) {
  Table table{
      {"target", "kind", "code_bytes", "cubin_bytes", "complete", "features"},
      {}};
  for (const PlanView::Target &target : plan.targets) {
    std::vector<Cell> features(target.features.begin(), target.features.end());
    table.rows.push_back(
        {target.name, target.kind == fb::TargetKind::Cpu ? "cpu" : "cuda",
         Cell::bytes(plan.sections[target.section].bytes.size()),
         Cell::bytes(target.cubin ? plan.sections[target.cubin].bytes.size()
                                  : 0),
         target.complete, Cell::list(features, " ")});
  }
  return table;
}

Table dumpParameters(const PlanView &plan) {
  Table table{{"stack", "name", "dtype", "shape", "layers", "table", "offset",
               "stride", "tensors", "bytes"},
              {}};
  PlanWeights weights = weightsOf(plan);
  for (size_t i = 0; i < plan.stacks.size(); ++i) {
    const PlanView::Stack &stack = plan.stacks[i];
    table.rows.push_back(
        {i, stack.name, dtypeName(stack.dtype), shapeCell(stack.shape),
         layerList(stack.layers), stack.table, stack.offset, stack.stride,
         weights.stacks[i].tensors, Cell::bytes(weights.stacks[i].bytes)});
  }
  return table;
}

Table dumpState(const PlanView &plan, const ContextOptions &options,
                const Sizes &sizes) {
  Table table{{"state", "name", "kind", "layers", "row_bytes", "keep", "every",
               "bytes_per_token", "bytes_per_sequence", "page_bytes",
               "pool_bytes"},
              {}};
  for (size_t i = 0; i < plan.states.size(); ++i) {
    const PlanView::State &state = plan.states[i];
    uint64_t logs = state.instances(), pool = sizes.states[i] * logs;
    uint64_t page = options.pageTokens / state.every * state.rowBytes * logs;
    // Of a paged log a token takes a share of a row; a ring takes the same for
    // any number of tokens.
    table.rows.push_back(
        {i, state.name, state.paged() ? "paged" : "ring",
         layerList(state.layers), state.rowBytes, state.keep, state.every,
         state.paged()
             ? Cell::real(double(state.rowBytes * logs) / double(state.every))
             : Cell::real(0),
         Cell::bytes(pool / options.slots),
         state.paged() ? Cell::bytes(page) : Cell::none(), Cell::bytes(pool)});
  }
  return table;
}

} // namespace sluice
