#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// The longest beginning of UTF-8 `text` that has at most `most` bytes and ends
/// between two characters.
std::string_view beginningOf(std::string_view text, size_t most);

/// `text` in double quotes, fit for a message: control bytes and quotes are
/// escaped and what exceeds 120 bytes is cut (at a character) and marked, so
/// that a name out of a hostile file can neither fill nor forge a terminal
/// line.
std::string inQuotes(std::string_view text);

} // namespace sluice
