#include "runtime/base/Json.h"

#include "runtime/base/Quote.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace sluice {

namespace dom = simdjson::dom;

/// `text` as a JSON string.
static std::string stringLiteral(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20) {
      result += fmt::format("\\u{:04x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

static std::string numberText(double value) {
  // Below 2^53 every whole double is one integer; -0.0 is 0.
  if (value == std::floor(value) && std::fabs(value) < 9007199254740992.0)
    return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

// Recursion is safe here: the depth of a document was bounded when it was read.
static void appendCanonical(std::string &text, dom::element element) {
  switch (element.type()) {
  case dom::element_type::ARRAY: {
    text += '[';
    const char *separator = "";
    for (dom::element item : element.get_array().value_unsafe()) {
      text += std::exchange(separator, ",");
      appendCanonical(text, item);
    }
    text += ']';
    return;
  }
  case dom::element_type::OBJECT: {
    std::vector<std::pair<std::string_view, dom::element>> members;
    for (dom::key_value_pair member : element.get_object().value_unsafe())
      members.emplace_back(member.key, member.value);
    std::sort(members.begin(), members.end(),
              [](const auto &a, const auto &b) { return a.first < b.first; });
    text += '{';
    const char *separator = "";
    for (const auto &[key, value] : members) {
      text += std::exchange(separator, ",");
      text += stringLiteral(key) + ':';
      appendCanonical(text, value);
    }
    text += '}';
    return;
  }
  case dom::element_type::INT64:
    text += fmt::format("{}", element.get_int64().value_unsafe());
    return;
  case dom::element_type::UINT64:
    text += fmt::format("{}", element.get_uint64().value_unsafe());
    return;
  case dom::element_type::DOUBLE:
    text += numberText(element.get_double().value_unsafe());
    return;
  case dom::element_type::STRING:
    text += stringLiteral(element.get_string().value_unsafe());
    return;
  case dom::element_type::BOOL:
    text += element.get_bool().value_unsafe() ? "true" : "false";
    return;
  case dom::element_type::NULL_VALUE:
    text += "null";
    return;
  }
}

/// A key that some object of `root` has twice.
static std::optional<std::string_view> findRepeatedKey(dom::element root) {
  std::vector<dom::element> open = {root};
  // Sorted rather than hashed: headers have one huge object and 100,000 tiny
  // ones, and clearing a hash table costs its largest size each time.
  std::vector<std::string_view> keys;
  while (!open.empty()) {
    dom::element element = open.back();
    open.pop_back();
    if (element.is_array()) {
      for (dom::element item : element.get_array().value_unsafe())
        if (item.is_array() || item.is_object())
          open.push_back(item);
    } else if (element.is_object()) {
      keys.clear();
      for (dom::key_value_pair member : element.get_object().value_unsafe()) {
        keys.push_back(member.key);
        if (member.value.is_array() || member.value.is_object())
          open.push_back(member.value);
      }
      std::sort(keys.begin(), keys.end());
      auto twin = std::adjacent_find(keys.begin(), keys.end());
      if (twin != keys.end())
        return *twin;
    }
  }
  return std::nullopt;
}

Result<JsonDocument> JsonDocument::parse(std::string_view text,
                                         std::string file, JsonLimits limits) {
  if (text.size() > limits.maxBytes)
    return badInput(
        fmt::format("{}: expected at most {} bytes of JSON, found {}", file,
                    limits.maxBytes, text.size()));
  dom::parser parser;
  // simdjson refuses the level it is given, and counts no empty array or
  // object.
  size_t capacity = std::max<size_t>(text.size(), 64);
  simdjson::error_code code = parser.allocate(capacity, limits.maxDepth + 1);
  JsonDocument result;
  result.parts = std::make_unique<Parts>();
  result.parts->file = std::move(file);
  if (code == simdjson::SUCCESS)
    code =
        parser.parse_into_document(result.parts->tape, text.data(), text.size())
            .error();
  const std::string &name = result.parts->file;
  switch (code) {
  case simdjson::SUCCESS:
    break;
  case simdjson::MEMALLOC:
    return outOfMemory(fmt::format("{}: no memory to parse {} bytes of JSON",
                                   name, text.size()));
  case simdjson::DEPTH_ERROR:
    return badInput(fmt::format(
        "{}: expected JSON of at most {} nested arrays and objects, found more",
        name, limits.maxDepth));
  case simdjson::UTF8_ERROR:
    return badInput(
        fmt::format("{}: expected JSON in UTF-8, found other bytes", name));
  default:
    return badInput(
        fmt::format("{}: expected JSON, but its {} bytes are not: {}", name,
                    text.size(), simdjson::error_message(code)));
  }
  if (auto key = findRepeatedKey(result.parts->tape.root()))
    return badInput(
        fmt::format("{}: expected every key once in its object, found {} twice",
                    name, inQuotes(*key)));
  return result;
}

Json JsonDocument::root() const {
  return {parts->tape.root(), &parts->file, ""};
}

std::string Json::childPath(std::string_view key) const {
  return thePath.empty() ? std::string(key)
                         : fmt::format("{}.{}", thePath, key);
}

Status Json::error(std::string_view sentence) const {
  return badInput(thePath.empty() ? fmt::format("{}: {}", *file, sentence)
                                  : fmt::format("{}: {}: {}", *file,
                                                inQuotes(thePath), sentence));
}

Status Json::mismatch(std::string_view expected) const {
  // A container may be as large as the file, so it is only counted.
  std::string found;
  if (isObject())
    found = fmt::format("an object of {}",
                        element.get_object().value_unsafe().size());
  else if (isArray())
    found =
        fmt::format("a list of {}", element.get_array().value_unsafe().size());
  else if (isString())
    found = inQuotes(element.get_string().value_unsafe());
  else
    found = canonical();
  return error(fmt::format("expected {}, found {}", expected, found));
}

std::optional<Json> Json::find(std::string_view key) const {
  if (!isObject())
    return std::nullopt;
  // Not simdjson's at_key, which would look for an escaped spelling.
  for (dom::key_value_pair member : element.get_object().value_unsafe())
    if (member.key == key)
      return Json(member.value, file, childPath(key));
  return std::nullopt;
}

Result<Json> Json::get(std::string_view key) const {
  if (!isObject())
    return mismatch("an object");
  if (std::optional<Json> value = find(key))
    return *std::move(value);
  return error(fmt::format("expected a key {}, found none", inQuotes(key)));
}

Result<int64_t> Json::integer(int64_t least, int64_t most) const {
  int64_t value = 0;
  if (element.get_int64().get(value) != simdjson::SUCCESS || value < least ||
      value > most)
    return mismatch(fmt::format("an integer from {} to {}", least, most));
  return value;
}

Result<double> Json::number() const {
  double value = 0;
  if (element.get_double().get(value) != simdjson::SUCCESS)
    return mismatch("a number");
  return value; // finite: JSON writes nothing else, and simdjson checks
}

Result<bool> Json::boolean() const {
  bool value = false;
  if (element.get_bool().get(value) != simdjson::SUCCESS)
    return mismatch("true or false");
  return value;
}

Result<std::string_view> Json::string() const {
  std::string_view value;
  if (element.get_string().get(value) != simdjson::SUCCESS)
    return mismatch("a string");
  return value;
}

Result<std::vector<std::pair<std::string_view, Json>>> Json::members() const {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS)
    return mismatch("an object");
  std::vector<std::pair<std::string_view, Json>> result;
  for (dom::key_value_pair member : object)
    result.emplace_back(member.key,
                        Json(member.value, file, childPath(member.key)));
  return result;
}

Result<std::vector<Json>> Json::items() const {
  dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS)
    return mismatch("a list");
  std::vector<Json> result;
  for (dom::element item : array)
    result.push_back(
        Json(item, file, fmt::format("{}[{}]", thePath, result.size())));
  return result;
}

std::string Json::canonical() const {
  std::string text;
  appendCanonical(text, element);
  return text;
}

} // namespace sluice
