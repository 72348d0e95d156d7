#include "runtime/text/Utf8.h"

#include <cstring>

namespace sluice {

Utf8Step nextUtf8(std::string_view bytes) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80)
    return {Utf8Step::WellFormed, 1};
  // The second byte's range excludes overlong forms, surrogates and what lies
  // past U+10FFFF (Unicode, table 3-7); later bytes are always 80..BF.
  uint8_t length, low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
    low = lead == 0xE0 ? 0xA0 : 0x80;
    high = lead == 0xED ? 0x9F : 0xBF;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    low = lead == 0xF0 ? 0x90 : 0x80;
    high = lead == 0xF4 ? 0x8F : 0xBF;
  } else {
    return {Utf8Step::IllFormed, 1};
  }
  for (uint8_t i = 1; i < length; ++i) {
    if (i == bytes.size())
      return {Utf8Step::Incomplete, i};
    if (byte(i) < low || byte(i) > high)
      return {Utf8Step::IllFormed, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Utf8Step::WellFormed, length};
}

std::optional<size_t> findInvalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    // Most text is ASCII: eight bytes at once while no high bit is set.
    uint64_t eight;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if (!(eight & 0x8080808080808080)) {
        at += sizeof eight;
        continue;
      }
    }
    Utf8Step step = nextUtf8(text.substr(at));
    if (step.kind != Utf8Step::WellFormed)
      return at;
    at += step.length;
  }
  return std::nullopt;
}

} // namespace sluice
