#include "runtime/device/sim/machine/PrintFormat.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace sluice::sim {
namespace {

template <typename T> T take(PrintArguments &arguments) {
  T value{};
  size_t at = (arguments.at + sizeof(T) - 1) / sizeof(T) * sizeof(T);
  ++arguments.taken;
  arguments.at = at + sizeof(T);
  if (arguments.at > arguments.bytes.size())
    arguments.enough = false;
  else
    std::memcpy(&value, arguments.bytes.data() + at, sizeof(T));
  return value;
}

/// One value through the host's snprintf.
template <typename T> std::string shown(const std::string &directive, T value) {
  auto length = std::snprintf(nullptr, 0, directive.c_str(), value);
  std::string text(static_cast<size_t>(std::max(length, 0)), '\0');
  std::snprintf(text.data(), text.size() + 1, directive.c_str(), value);
  return text;
}

/// A directive: its flags, width and precision as C wants them, its h or l, and
/// its letter; 0 if it is none.
struct Directive {
  std::string options = "%";
  std::string size;
  char letter = 0;
};

constexpr size_t kMostDigits = 4;

/// Reads a number, or a * and its argument. False: too large.
bool readNumber(std::string_view &rest, std::string &options,
                PrintArguments &arguments) {
  std::string digits;
  if (rest.starts_with('*')) {
    digits = std::to_string(take<int32_t>(arguments));
    rest.remove_prefix(1);
  } else {
    size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
    digits = rest.substr(0, count);
    rest.remove_prefix(count);
  }
  options += digits;
  return digits.size() <= kMostDigits;
}

Directive readDirective(std::string_view &rest, PrintArguments &arguments) {
  Directive directive;
  size_t flags = std::min(rest.find_first_not_of("#0- +"), rest.size());
  directive.options += rest.substr(0, flags);
  rest.remove_prefix(flags);
  bool fits = flags <= 8 && readNumber(rest, directive.options, arguments);
  if (fits && rest.starts_with('.')) {
    directive.options += '.';
    rest.remove_prefix(1);
    fits = readNumber(rest, directive.options, arguments);
    // As if there were none.
    if (size_t dot = directive.options.rfind('.');
        directive.options.find('-', dot) != std::string::npos)
      directive.options.resize(dot);
  }
  size_t letters = std::min(rest.find_first_not_of("hl"), rest.size());
  directive.size = rest.substr(0, letters);
  fits = fits && letters <= 2;
  rest.remove_prefix(letters);
  if (fits && !rest.empty() &&
      std::string_view("diuoxXcspaAeEfFgG%").find(rest[0]) !=
          std::string_view::npos) {
    directive.letter = rest[0];
    rest.remove_prefix(1);
  }
  return directive;
}

std::string valueText(const Directive &directive, PrintArguments &arguments) {
  std::string options = directive.options;
  char letter = directive.letter;
  switch (letter) {
  case '%':
    return "%";
  case 'd':
  case 'i':
  case 'u':
  case 'o':
  case 'x':
  case 'X':
    if (directive.size.find('l') == std::string::npos)
      return shown(options + directive.size + letter, take<int32_t>(arguments));
    return shown(options + "ll" + letter, take<long long>(arguments));
  case 'c':
    return shown(options + 'c', take<int32_t>(arguments));
  case 's':
    return shown(options + 's',
                 arguments.text(take<uint64_t>(arguments)).c_str());
  case 'p':
    return shown(options + 'p',
                 reinterpret_cast<void *>(take<uint64_t>(arguments)));
  default:
    return shown(options + letter, take<double>(arguments));
  }
}

} // namespace

std::string printText(std::string_view format, PrintArguments &arguments) {
  std::string text;
  while (!format.empty() && text.size() < kMostPrinted) {
    size_t percent = std::min(format.find('%'), format.size());
    text += format.substr(0, percent);
    format.remove_prefix(percent);
    if (format.empty())
      break;
    std::string_view rest = format.substr(1);
    Directive directive = readDirective(rest, arguments);
    if (directive.letter == 0)
      text += format.substr(0, format.size() - rest.size());
    else
      text += valueText(directive, arguments);
    format = rest;
  }
  return text;
}

void Printed::add(uint64_t block, std::string_view text) {
  std::lock_guard lock(mutex);
  std::string &own = blocks[block];
  size_t room = kMostPrinted - std::min(own.size(), kMostPrinted);
  cut |= text.size() > room;
  text = text.substr(0, room);
  own += text;
  bytes += text.size();
  // Those before the last block only get more: it will never be shown.
  while (bytes - blocks.rbegin()->second.size() >= kMostPrinted) {
    bytes -= blocks.rbegin()->second.size();
    blocks.erase(std::prev(blocks.end()));
    cut = true;
  }
}

std::string Printed::text() const {
  std::string all;
  for (const auto &[block, text] : blocks)
    all += text;
  all.resize(std::min(all.size(), kMostPrinted));
  return all;
}

} // namespace sluice::sim
