#include "runtime/weights/ConfigFields.h"

namespace sluice {

/// The value at the dotted `key`; nothing if some part of it is missing.
static std::optional<Json> follow(Json value, std::string_view key) {
  while (true) {
    size_t dot = key.find('.');
    std::optional<Json> next = value.find(key.substr(0, dot));
    if (!next || dot == std::string_view::npos)
      return next;
    value = *std::move(next);
    key.remove_prefix(dot + 1);
  }
}

Result<std::vector<std::pair<std::string, std::string>>>
readConfigFields(std::string_view text, const std::string &fileName,
                 std::span<const std::string> keys) {
  SLUICE_ASSIGN(JsonDocument document,
                JsonDocument::parse(text, fileName, configLimits));
  if (!document.root().isObject())
    return document.root().mismatch("an object");
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string &key : keys) {
    std::optional<Json> value = follow(document.root(), key);
    result.emplace_back(key, value ? value->canonical() : "");
  }
  return result;
}

} // namespace sluice
