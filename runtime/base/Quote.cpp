#include "runtime/base/Quote.h"

#include <fmt/format.h>

namespace sluice {

static constexpr size_t longestQuote = 120;

std::string inQuotes(std::string_view text) {
  bool cut = text.size() > longestQuote;
  if (cut) {
    size_t end = longestQuote;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end; // a continuation byte of UTF-8: its character began earlier
    text = text.substr(0, end);
  }
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
