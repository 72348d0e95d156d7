#include "tools/pack/PackConfig.h"

#include "frontend/names/Names.h"
#include "runtime/weights/ConfigFields.h"
#include "tools/driver/JsonWriter.h"

#include <array>
#include <set>

namespace sluice {

/// Where the string or other JSON value that begins at `at` ends. The text is
/// known to be JSON.
static size_t endOfValue(std::string_view text, size_t at) {
  int depth = 0;
  bool inString = false;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (inString) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        inString = false;
      if (!inString && depth == 0)
        return at + 1;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == ':'))
      return at;
    if (c == '"')
      inString = true;
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (depth == 0 && (c == '}' || c == ']'))
      return at + 1;
  }
  return at;
}

static constexpr std::string_view blanks = " \t\r\n";

/// The members of the object `text` with the blanks around them, one by one,
/// those named in `without` left out.
static std::vector<std::string_view>
membersOf(std::string_view text, const std::set<std::string_view> &without) {
  std::vector<std::string_view> members;
  size_t at = text.find('{') + 1;
  while (true) {
    size_t key = text.find_first_not_of(blanks, at);
    if (key == std::string_view::npos || text[key] != '"')
      return members;
    size_t keyEnd = endOfValue(text, key);
    size_t value = text.find_first_not_of(blanks, text.find(':', keyEnd) + 1);
    size_t end = endOfValue(text, value);
    size_t last = text.find_last_not_of(blanks, end - 1) + 1;
    if (!without.contains(text.substr(key + 1, keyEnd - key - 2)))
      members.push_back(text.substr(at, last - at));
    at = text.find_first_not_of(blanks, end);
    if (at == std::string_view::npos || text[at] != ',')
      return members;
    ++at;
  }
}

/// The modules, as transformers names them, that have a product in a class of
/// quantized ones and stay as they are. Sorted.
static std::set<std::string> modulesLeftOut(const PackLayout &layout,
                                            const ModelConfig &config) {
  Names released(NameScheme::Released, config.moeIntermediate);
  Names modules(NameScheme::Modules, config.moeIntermediate);
  std::set<std::string> plain;
  for (const PackedTensor &packed : layout.tensors)
    if (packed.source.weights && packed.format == BlockFormat::Plain)
      plain.insert(packed.source.name);
  std::set<std::string> result;
  for (int p = 0; p <= int(Param::IndexerNorm); ++p)
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      ParamName from = released.of(Param(p)), to = modules.of(Param(p));
      if (!plain.contains(fillName(from.scope + from.leaf, layer)))
        continue;
      std::string name = fillName(to.scope + to.leaf, layer);
      if (name.ends_with(".weight"))
        name.resize(name.size() - 7);
      else // the experts of a layer are one module with two parameters
        name.resize(name.rfind('.'));
      result.insert(name);
    }
  return result;
}

static std::string quantizationKeys(const PackLayout &layout,
                                    const ModelConfig &config) {
  JsonWriter json;
  json.beginObject();
  json.field("activation_scheme", "dynamic").field("fmt", "e4m3");
  std::set<std::string> leftOut = modulesLeftOut(layout, config);
  if (!leftOut.empty()) {
    json.key("modules_to_not_convert").beginList();
    for (const std::string &module : leftOut)
      json.value(module);
    json.endList();
  }
  json.field("quant_method", "fp8").field("scale_fmt", "ue8m0");
  json.key("weight_block_size").beginList().value(128).value(128).endList();
  return json.endObject().text();
}

Result<std::string> packedConfig(std::string_view text,
                                 const std::string &fileName,
                                 const PackLayout &layout,
                                 const ModelConfig &config) {
  SLUICE_ASSIGN(JsonDocument document,
                JsonDocument::parse(text, fileName, configLimits));
  if (!document.root().isObject())
    return document.root().mismatch("an object");
  std::string result = "{";
  const char *between = "";
  auto add = [&](std::string_view member) {
    result += between;
    result += member;
    between = ",";
  };
  for (std::string_view member :
       membersOf(text, {"quantization_config", "expert_dtype"}))
    add(member);
  bool hasFp8 = layout.uses(BlockFormat::Fp8);
  bool hasFp4 = layout.uses(BlockFormat::Mxfp4);
  if (hasFp4)
    add("\n \"expert_dtype\": \"fp4\"");
  if (hasFp8 || hasFp4)
    add("\n \"quantization_config\": " + quantizationKeys(layout, config));
  return result + "\n}\n";
}

} // namespace sluice
