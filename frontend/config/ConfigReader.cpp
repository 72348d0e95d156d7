#include "frontend/config/ConfigReader.h"

#include <fmt/format.h>

namespace sluice {

void ConfigReader::record(const Json &value) const {
  fields->emplace_back(value.path(), value.canonical());
}

std::optional<Json> ConfigReader::find(std::string_view key) const {
  std::optional<Json> value = object.find(key);
  if (!value)
    return std::nullopt;
  record(*value);
  return value->isNull() ? std::nullopt : value;
}

std::optional<ConfigReader>
ConfigReader::findObject(std::string_view key) const {
  std::optional<Json> value = object.find(key);
  if (value && value->isNull())
    record(*value); // that there is none decides something, too
  if (!value || value->isNull())
    return std::nullopt;
  return ConfigReader(*std::move(value), *fields);
}

Result<int64_t> ConfigReader::integer(std::string_view key, int64_t least,
                                      int64_t most) const {
  if (std::optional<Json> value = find(key))
    return value->integer(least, most);
  return object.error(
      fmt::format("expected a key \"{}\", an integer from {} to {}, found none",
                  key, least, most));
}

Result<int64_t> ConfigReader::integer(std::string_view key, int64_t least,
                                      int64_t most, int64_t fallback) const {
  std::optional<Json> value = find(key);
  return value ? value->integer(least, most) : fallback;
}

static Result<double> numberOf(const Json &value, double least, double most) {
  Result<double> number = value.number();
  if (!number.ok() || *number < least || *number > most)
    return value.mismatch(fmt::format("a number from {} to {}", least, most));
  return number;
}

Result<double> ConfigReader::number(std::string_view key, double least,
                                    double most) const {
  if (std::optional<Json> value = find(key))
    return numberOf(*value, least, most);
  return object.error(
      fmt::format("expected a key \"{}\", a number from {} to {}, found none",
                  key, least, most));
}

Result<double> ConfigReader::number(std::string_view key, double least,
                                    double most, double fallback) const {
  std::optional<Json> value = find(key);
  return value ? numberOf(*value, least, most) : fallback;
}

Result<bool> ConfigReader::boolean(std::string_view key, bool fallback) const {
  std::optional<Json> value = find(key);
  return value ? value->boolean() : fallback;
}

} // namespace sluice
