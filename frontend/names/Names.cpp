#include "frontend/names/Names.h"

#include "frontend/names/NameTable.h"
#include "runtime/base/Quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

namespace sluice {

static constexpr NameScheme allSchemes[] = {
    NameScheme::Released, NameScheme::Modules, NameScheme::Saved};

static constexpr std::string_view inverseSuffix = "_scale_inv";

std::string_view schemeName(NameScheme scheme) {
  switch (scheme) {
  case NameScheme::Released:
    return "released";
  case NameScheme::Modules:
    return "module";
  case NameScheme::Saved:
    return "saved";
  }
  return "unknown";
}

/// `name` with the numbers of layer and expert replaced by "{}" and "{e}".
static std::string templateOf(std::string_view name) {
  std::string result;
  std::string_view before;
  while (true) {
    size_t dot = name.find('.');
    std::string_view part = name.substr(0, dot);
    bool number = !part.empty() && part.find_first_not_of("0123456789") ==
                                       std::string_view::npos;
    if (number && before == "layers")
      result += "{}";
    else if (number && before == "experts")
      result += "{e}";
    else
      result += part;
    if (dot == std::string_view::npos)
      return result;
    result += '.';
    before = part;
    name.remove_prefix(dot + 1);
  }
}

Names::Names(NameScheme scheme, int64_t moeIntermediate)
    : theScheme(scheme), moeIntermediate(moeIntermediate),
      scaleSuffix(scheme == NameScheme::Modules ? inverseSuffix : ".scale") {
  for (const NameRow &row : nameTable())
    texts.push_back(row.spellings(scheme).front());
}

/// Whether a model must have it: some layers have no compressor, and a tied
/// head none of its own.
static bool isInEveryModel(Param param) {
  return param < Param::CompressorApe && param != Param::Head &&
         param != Param::GateTid2eid && param != Param::GateBias;
}

Result<Names> Names::detect(const Checkpoint &checkpoint,
                            int64_t moeIntermediate) {
  std::unordered_set<std::string> there;
  for (const TensorInfo &tensor : checkpoint.tensors())
    if (!isDraftTensor(tensor.name))
      there.insert(templateOf(tensor.name));

  // The schemes share a few names, and a damaged checkpoint may lack a few:
  // the one with most names wins, if it has more than half of its own.
  NameScheme best = NameScheme::Released;
  size_t bestFound = 0, due = 0;
  for (NameScheme scheme : allSchemes) {
    size_t found = 0;
    due = 0;
    for (const NameRow &row : nameTable()) {
      if (!isInEveryModel(row.param))
        continue;
      ++due;
      std::vector<std::string> spellings = row.spellings(scheme);
      found += std::any_of(spellings.begin(), spellings.end(),
                           [&](const std::string &spelling) {
                             return there.contains(spelling);
                           });
    }
    if (found > bestFound) {
      best = scheme;
      bestFound = found;
    }
  }
  if (bestFound * 2 <= due) {
    std::string looked;
    const NameRow &row = nameTable()[static_cast<size_t>(Param::WqA)];
    for (NameScheme scheme : allSchemes)
      looked += fmt::format("{}{} ({})", looked.empty() ? "" : ", ",
                            fillName(row.spellings(scheme).front(), 0),
                            schemeName(scheme));
    std::string found =
        checkpoint.tensors().empty()
            ? "no tensor at all"
            : fmt::format("{} tensors such as {}", checkpoint.tensors().size(),
                          inQuotes(checkpoint.tensors()[0].name));
    return badInput(fmt::format("{}: expected tensors named in one of the "
                                "three ways of DeepSeek-V4, for "
                                "instance {}, found {}",
                                checkpoint.directory(), looked, found));
  }

  Names names(best, moeIntermediate);
  for (const NameRow &row : nameTable()) {
    std::string &text = names.texts[static_cast<size_t>(row.param)];
    for (const std::string &spelling : row.spellings(best))
      if (!there.contains(text) && there.contains(spelling))
        text = spelling;
    if (row.scaled && there.contains(text + std::string(inverseSuffix)))
      names.scaleSuffix = inverseSuffix;
  }
  return names;
}

ParamName Names::of(Param param) const {
  const NameRow &row = nameTable()[static_cast<size_t>(param)];
  const std::string &text = texts[static_cast<size_t>(param)];
  // The leaf is the last word, with what goes before "weight", and all of what
  // one expert owns.
  size_t cut = text.find("experts.{e}.");
  if (cut == std::string::npos) {
    size_t end = text.ends_with(".weight") ? text.size() - 7 : text.size();
    size_t dot = text.rfind('.', end - 1);
    cut = dot == std::string::npos ? 0 : dot + 1;
  }
  ParamName name;
  name.scope = text.substr(0, cut);
  name.leaf = text.substr(cut);
  if (row.scaled) {
    name.scale = name.leaf;
    if (scaleSuffix == ".scale" && name.scale.ends_with(".weight"))
      name.scale.resize(name.scale.size() - 7);
    name.scale += scaleSuffix;
  }
  if (theScheme == NameScheme::Modules && row.half >= 0)
    name.rows = ParamRows{.from = row.half * moeIntermediate,
                          .to = (row.half + 1) * moeIntermediate,
                          .of = 2 * moeIntermediate};
  return name;
}

std::string ParamName::layerPrefix() const {
  size_t hole = scope.find("{}.");
  return hole == std::string::npos ? "" : scope.substr(0, hole + 3);
}

std::string fillName(std::string_view text, int64_t layer, int64_t expert) {
  std::string result(text);
  for (auto [hole, number] :
       {std::pair<std::string_view, int64_t>{"{}", layer}, {"{e}", expert}})
    if (size_t at = result.find(hole); at != std::string::npos)
      result.replace(at, hole.size(), std::to_string(number));
  return result;
}

bool isDraftTensor(std::string_view name) {
  return name.starts_with("mtp.") || name.starts_with("model.mtp.");
}

std::vector<const TensorInfo *>
unusedTensors(const Checkpoint &checkpoint,
              const std::function<bool(const TensorInfo &)> &isUsed) {
  std::vector<const TensorInfo *> result;
  for (const TensorInfo &tensor : checkpoint.tensors())
    if (!isUsed(tensor) && !isDraftTensor(tensor.name))
      result.push_back(&tensor);
  return result;
}

} // namespace sluice
