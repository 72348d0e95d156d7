#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {

/// Builds JSON text from left to right. Commas are its business; that begin and
/// end match, and that a key comes before each value of an object, is the
/// caller's.
class JsonWriter {
public:
  JsonWriter &beginObject() { return open('{'); }
  JsonWriter &endObject() { return close('}'); }
  JsonWriter &beginList() { return open('['); }
  JsonWriter &endList() { return close(']'); }
  JsonWriter &key(std::string_view name);

  /// Bytes of `text` that are not UTF-8 become U+FFFD.
  JsonWriter &value(std::string_view text);
  JsonWriter &value(const char *text) { return value(std::string_view(text)); }
  JsonWriter &value(bool b) { return raw(b ? "true" : "false"); }
  JsonWriter &value(double number); // null if not finite
  template <typename T>
    requires std::is_integral_v<T>
  JsonWriter &value(T number) {
    return raw(std::to_string(number));
  }
  template <typename T> JsonWriter &field(std::string_view name, const T &v) {
    return key(name).value(v);
  }
  /// `json` as it is, which must be JSON.
  JsonWriter &raw(std::string_view json);

  const std::string &text() const { return out; }

private:
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);
  void separate();
  void quoted(std::string_view text);

  std::string out;
  bool comma = false; // a value stands before this place
};

} // namespace sluice
