#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// Byte-level BPE writes each byte as one printable letter (GPT-2's alphabet):
/// the printable ASCII and Latin-1 bytes stand for themselves, the others for
/// U+0100 and on, so that a space is "Ġ".
struct ByteLetters {
  std::string bytes; // what the letters stand for; else `text` itself
  bool all;          // every character of `text` is such a letter
};

/// `text` is valid UTF-8.
ByteLetters fromByteLetters(std::string_view text);

} // namespace sluice
