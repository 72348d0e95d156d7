#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// `text` in double quotes, fit for a message: control bytes and quotes are
/// escaped and what exceeds 120 bytes is cut (at a character) and marked, so
/// that a name out of a hostile file can neither fill nor forge a terminal
/// line.
std::string inQuotes(std::string_view text);

} // namespace sluice
