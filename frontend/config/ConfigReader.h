#pragma once

#include "runtime/base/Json.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A key and its canonical value.
using ConfigFields = std::vector<std::pair<std::string, std::string>>;

/// One object of a config.json, whose keys are recorded as they are used.
/// As in transformers, a key with the value null counts as absent.
class ConfigReader {
public:
  /// `fields` takes the record and must outlive this.
  ConfigReader(Json object, ConfigFields &fields)
      : object(std::move(object)), fields(&fields) {}

  /// The value of `key`, recorded whole; nothing if absent or null.
  std::optional<Json> find(std::string_view key) const;
  /// An object, of which only what is used will be recorded.
  std::optional<ConfigReader> findObject(std::string_view key) const;
  /// Whether `key` is there, be it null. Records nothing.
  bool has(std::string_view key) const { return object.find(key).has_value(); }

  /// An integer in [least, most] that must be there.
  Result<int64_t> integer(std::string_view key, int64_t least,
                          int64_t most) const;
  Result<int64_t> integer(std::string_view key, int64_t least, int64_t most,
                          int64_t fallback) const;
  /// A number in [least, most].
  Result<double> number(std::string_view key, double least, double most) const;
  Result<double> number(std::string_view key, double least, double most,
                        double fallback) const;
  Result<bool> boolean(std::string_view key, bool fallback) const;

  const Json &json() const { return object; }

private:
  void record(const Json &value) const;

  Json object;
  ConfigFields *fields;
};

} // namespace sluice
