#include "runtime/base/Quote.h"

#include <fmt/format.h>

namespace sluice {

static constexpr size_t longestQuote = 120;

std::string_view beginningOf(std::string_view text, size_t most) {
  if (text.size() <= most)
    return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
    --most; // a continuation byte: its character began earlier
  return text.substr(0, most);
}

std::string inQuotes(std::string_view text) {
  bool cut = text.size() > longestQuote;
  text = beginningOf(text, longestQuote);
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  result += cut ? "\"..." : "\"";
  return result;
}

} // namespace sluice
