#pragma once

#include <string>
#include <string_view>

namespace sluice::sim {

/// `text` in double quotes, with what JSON does not allow in strings escaped.
/// Bytes beyond ASCII stay as they are.
std::string jsonText(std::string_view text);

/// The text of a statement on one line.
std::string onOneLine(std::string_view text);

} // namespace sluice::sim
