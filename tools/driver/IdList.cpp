#include "tools/driver/IdList.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Npy.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice {

Result<std::vector<int32_t>> parseIdList(std::string_view text) {
  if (text.starts_with('@'))
    return readNpyIds(std::string(text.substr(1)));
  std::vector<int32_t> ids;
  constexpr std::string_view blanks = " \t\r\n";
  // After a comma there must be an id; before the first there may be none.
  bool wanted = false;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty() && !wanted)
      return ids;
    int32_t id = 0;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), id);
    size_t used = size_t(end - text.data());
    bool ends =
        used == text.size() ||
        std::string_view(", \t\r\n").find(text[used]) != std::string_view::npos;
    if (error != std::errc() || id < 0 || !ends)
      return invalidArgument(fmt::format(
          "expected token ids such as 5,7,9 (0 to 2147483647), found {}",
          inQuotes(text.substr(0, text.find_first_of(", \t\r\n")))));
    ids.push_back(id);
    text.remove_prefix(used);
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    wanted = text.starts_with(',');
    if (wanted)
      text.remove_prefix(1);
  }
}

std::string printIdList(std::span<const int32_t> ids) {
  std::string text;
  for (int32_t id : ids) {
    if (!text.empty())
      text += ',';
    text += fmt::to_string(id);
  }
  return text;
}

} // namespace sluice
