#include "runtime/executor/Model.h"

#include "runtime/base/Quote.h"
#include "runtime/weights/ConfigFields.h"
#include "runtime/weights/Identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sluice {
namespace {

/// Whether a tensor that a file calls `stored` holds what the plan calls
/// `want`.
bool holds(DType stored, fb::DType want) {
  switch (want) {
  case fb::DType::F32:
    return stored == DType::F32;
  case fb::DType::BF16:
    return stored == DType::BF16;
  case fb::DType::F8E4M3:
    return stored == DType::F8E4M3;
  case fb::DType::F8E8M0:
    return stored == DType::F8E8M0;
  case fb::DType::F4E2M1x2:
    return stored == DType::I8 || stored == DType::U8;
  case fb::DType::I32:
    return stored == DType::I32;
  case fb::DType::I64:
    return stored == DType::I64;
  case fb::DType::Unknown:
    break;
  }
  return false;
}

/// `text` with the one `hole` in it filled by `number`; as it is without one.
std::string filled(std::string text, std::string_view hole, uint32_t number) {
  if (size_t at = text.find(hole); at != std::string::npos)
    text.replace(at, hole.size(), fmt::format("{}", number));
  return text;
}

bool sameShape(std::span<const int64_t> a, std::span<const uint64_t> b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](int64_t x, uint64_t y) { return static_cast<uint64_t>(x) == y; });
}

constexpr std::string_view otherModel =
    "the plan was made for another model; compile this one, or name the right "
    "directory with --model";

} // namespace

Result<std::string> findModelDirectory(const std::string &planPath,
                                       const std::string &given) {
  if (!given.empty())
    return given;
  if (const char *path = std::getenv("SLUICE_MODEL"); path && *path)
    return std::string(path);
  std::string note = planPath + ".model";
  constexpr std::string_view advice =
      "name the directory of the model with --model or SLUICE_MODEL";
  Result<MappedFile> file = MappedFile::open(note);
  if (!file.ok())
    return badInput(fmt::format("{}; {}", file.status().message(), advice));
  std::string_view text = file->text();
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  if (text.empty() || text.size() > 4096 ||
      text.find_first_of(std::string_view("\n\0", 2)) != text.npos)
    return badInput(fmt::format("{}: expected the path of a model in one line; "
                                "{}",
                                note, advice));
  return std::string(text);
}

Result<std::shared_ptr<const Model>> Model::open(const std::string &planPath,
                                                 const std::string &directory) {
  try {
    std::shared_ptr<Model> model(new Model);
    SLUICE_ASSIGN(model->theFile, PlanFile::open(planPath));
    SLUICE_ASSIGN(std::string where, findModelDirectory(planPath, directory));
    SLUICE_ASSIGN(model->theCheckpoint, Checkpoint::open(where));
    SLUICE_TRY(model->checkConfig());
    SLUICE_TRY(model->findTensors().in(where));
    SLUICE_TRY(model->checkIdentity().in(where));
    return std::shared_ptr<const Model>(std::move(model));
  } catch (const std::bad_alloc &) {
    return outOfMemory(
        fmt::format("{}: no memory for its tables", inQuotes(planPath)));
  }
}

Status Model::checkConfig() const {
  if (plan().model.config.empty())
    return {};
  std::string path = theCheckpoint.directory() + "/config.json";
  SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
  std::vector<std::string> keys;
  for (const PlanView::ConfigField &field : plan().model.config)
    keys.emplace_back(field.key);
  SLUICE_ASSIGN(auto fields, readConfigFields(file.text(), path, keys));
  for (size_t i = 0; i < fields.size(); ++i) {
    const PlanView::ConfigField &want = plan().model.config[i];
    auto shown = [](std::string_view json) {
      return json.empty() ? std::string("nothing") : inQuotes(json);
    };
    if (fields[i].second != want.value)
      return incompatible(fmt::format(
          "{}: expected {} for {}, found {}; {}", path, shown(want.value),
          inQuotes(want.key), shown(fields[i].second), otherModel));
  }
  return {};
}

Status Model::findTensors() {
  for (const PlanView::Stack &stack : plan().stacks) {
    firstOf.push_back(found.size());
    SLUICE_TRY(findTensors(stack));
  }
  return {};
}

Status Model::findTensors(const PlanView::Stack &stack) {
  uint32_t entries = stack.perEntry ? stack.table : 1;
  for (uint32_t i = 0; i < stack.instances(); ++i) {
    std::string name(stack.name);
    if (!stack.layers.empty())
      name = filled(name, "{}", stack.layers[i]);
    for (uint32_t entry = 0; entry < entries; ++entry) {
      std::string one = filled(name, "{e}", entry);
      const TensorInfo *tensor = theCheckpoint.find(one);
      if (!tensor)
        return incompatible(fmt::format("expected a tensor {}, found none; {}",
                                        inQuotes(one), otherModel));
      if (!holds(tensor->dtype, stack.dtype) ||
          !sameShape(tensor->shape, stack.shape))
        return incompatible(fmt::format("expected {} {} [{}], found {}; {}",
                                        inQuotes(one), dtypeName(stack.dtype),
                                        fmt::join(stack.shape, ", "),
                                        describe(*tensor), otherModel));
      found.push_back(tensor);
    }
  }
  return {};
}

Status Model::checkIdentity() {
  std::vector<const TensorInfo *> used = found;
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (const TensorInfo *tensor : used)
    theWeightBytes += tensor->bytes;
  std::vector<std::pair<std::string, std::string>> fields;
  for (const PlanView::ConfigField &field : plan().model.config)
    fields.emplace_back(field.key, field.value);
  std::string identity = modelIdentity(used, fields).hex();
  if (identity != plan().model.identity)
    return incompatible(fmt::format("expected the identity {}, found {}; {}",
                                    plan().model.identity, identity,
                                    otherModel));
  return {};
}

std::span<const TensorInfo *const> Model::tensors(uint32_t stack,
                                                  uint32_t layer) const {
  const PlanView::Stack &s = plan().stacks[stack];
  size_t entries = s.perEntry ? s.table : 1;
  return std::span(found).subspan(firstOf[stack] + layer * entries, entries);
}

} // namespace sluice
