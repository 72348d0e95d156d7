#include "runtime/device/sim/check/JsonText.h"

#include <fmt/format.h>

namespace sluice::sim {

std::string jsonText(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result + '"';
}

std::string onOneLine(std::string_view text) {
  std::string result;
  for (char c : text) {
    bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank)
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  return result;
}

} // namespace sluice::sim
