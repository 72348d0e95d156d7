#include "frontend/tokenizer/ByteLetters.h"

#include "runtime/text/Utf8.h"

#include <array>
#include <cstdint>

namespace sluice {
namespace {

constexpr unsigned letters = 0x144; // code points past the last letter

/// By code point: the byte it stands for, or -1.
constexpr std::array<int16_t, letters> makeByteOf() {
  std::array<int16_t, letters> byteOf{};
  byteOf.fill(-1);
  unsigned next = 0x100;
  for (unsigned b = 0; b < 256; ++b) {
    bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) ||
                     (b >= 0xAE && b <= 0xFF);
    byteOf[printable ? b : next++] = int16_t(b);
  }
  return byteOf;
}
constexpr std::array<int16_t, letters> byteOf = makeByteOf();

} // namespace

ByteLetters fromByteLetters(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    Utf8Step step = nextUtf8(text.substr(at));
    unsigned point = uint8_t(text[at]);
    if (step.length == 2)
      point = (point & 0x1F) << 6 | (uint8_t(text[at + 1]) & 0x3F);
    if (step.length > 2 || point >= letters || byteOf[point] < 0)
      return {std::string(text), false};
    bytes.push_back(char(byteOf[point]));
    at += step.length;
  }
  return {std::move(bytes), true};
}

} // namespace sluice
