#include "tools/driver/JsonWriter.h"

#include "runtime/text/Utf8.h"

#include <fmt/format.h>

#include <cmath>

namespace sluice {

void JsonWriter::separate() {
  if (comma)
    out += ',';
  comma = true;
}

JsonWriter &JsonWriter::open(char bracket) {
  separate();
  out += bracket;
  comma = false;
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  out += bracket;
  comma = true;
  return *this;
}

JsonWriter &JsonWriter::raw(std::string_view json) {
  separate();
  out += json;
  return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  out += ':';
  comma = false;
  return *this;
}

JsonWriter &JsonWriter::value(std::string_view text) {
  separate();
  quoted(text);
  return *this;
}

JsonWriter &JsonWriter::value(double number) {
  return raw(std::isfinite(number) ? fmt::format("{}", number) : "null");
}

void JsonWriter::quoted(std::string_view text) {
  out += '"';
  while (!text.empty()) {
    Utf8Step step = nextUtf8(text);
    unsigned char first = text[0];
    if (step.kind != Utf8Step::WellFormed)
      out += replacementCharacter;
    else if (first == '"' || first == '\\')
      (out += '\\') += char(first);
    else if (first < 0x20)
      out += fmt::format("\\u{:04x}", first);
    else
      out += text.substr(0, step.length);
    text.remove_prefix(step.length);
  }
  out += '"';
}

} // namespace sluice
