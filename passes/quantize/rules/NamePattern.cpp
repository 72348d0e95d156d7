#include "passes/quantize/rules/NamePattern.h"

#include "runtime/base/Quote.h"

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace sluice {

/// "[low-high]" at the start of `text`, and how long it is.
struct NumberRange {
  uint64_t low = 0, high = 0;
  size_t length = 0;
};

/// The digits at the start of `text`; nothing if there are none, or more than
/// a number of layers or experts has.
static std::optional<std::pair<uint64_t, size_t>>
readNumber(std::string_view text) {
  size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  if (length == 0 || length > 9 || (length > 1 && text[0] == '0'))
    return std::nullopt;
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + length, value);
  return std::pair(value, length);
}

static std::optional<NumberRange> readRange(std::string_view text) {
  auto low = readNumber(text.substr(1));
  if (!low)
    return std::nullopt;
  size_t dash = 1 + low->second;
  if (dash >= text.size() || text[dash] != '-')
    return std::nullopt;
  auto high = readNumber(text.substr(dash + 1));
  if (!high)
    return std::nullopt;
  size_t end = dash + 1 + high->second;
  if (end >= text.size() || text[end] != ']' || low->first > high->first)
    return std::nullopt;
  return NumberRange{low->first, high->first, end + 1};
}

Result<NamePattern> NamePattern::parse(std::string_view text) {
  if (text.empty())
    return invalidArgument("expected a pattern of tensor names, found nothing");
  for (size_t at = 0; at < text.size(); ++at)
    if (text[at] == '[' && !readRange(text.substr(at)))
      return invalidArgument(fmt::format(
          "expected a range of numbers such as [0-3] at character {} of the "
          "pattern {}",
          at + 1, inQuotes(text)));
  return NamePattern(text);
}

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// How much of `name` from `at` on the first element of `pattern`, a range or
/// a character, stands for; nothing if it does not fit.
static std::optional<size_t> fit(std::string_view pattern,
                                 std::string_view name, size_t at) {
  if (pattern.empty() || at == name.size())
    return std::nullopt;
  if (pattern[0] != '[')
    return pattern[0] == name[at] ? std::optional<size_t>(1) : std::nullopt;
  if (at > 0 && isDigit(name[at - 1])) // the rest of another number
    return std::nullopt;
  NumberRange range = *readRange(pattern);
  auto number = readNumber(name.substr(at));
  if (!number || number->first < range.low || number->first > range.high)
    return std::nullopt;
  return number->second;
}

bool NamePattern::matches(std::string_view name) const {
  std::string_view pattern = theText;
  size_t at = 0;
  // The last "*", and where what it stands for ends so far: the only place to
  // go back to, since an earlier "*" could not do better.
  std::optional<std::string_view> behindStar;
  size_t starEnd = 0;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      behindStar = pattern;
      starEnd = at;
    } else if (auto length = fit(pattern, name, at)) {
      pattern.remove_prefix(pattern[0] == '[' ? readRange(pattern)->length : 1);
      at += *length;
    } else if (pattern.empty() && at == name.size()) {
      return true;
    } else if (behindStar && starEnd < name.size()) {
      pattern = *behindStar;
      at = ++starEnd;
    } else {
      return false;
    }
  }
}

} // namespace sluice
