#include "tools/driver/Numbers.h"

#include "runtime/base/Quote.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>

namespace sluice {

CLI::Validator wholeNumber(uint64_t least, uint64_t most) {
  CLI::Validator validator;
  validator.operation([least, most](const std::string &text) {
    uint64_t number = 0;
    const char *end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && at == end && number >= least && number <= most)
      return std::string();
    return fmt::format("expected a whole number of {} to {}, found {}", least,
                       most, inQuotes(text));
  });
  return validator;
}

CLI::Validator realNumber() {
  CLI::Validator validator;
  validator.operation([](const std::string &text) {
    float number = 0;
    const char *end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && at == end)
      return std::string();
    return fmt::format("expected a number such as 0.7, found {}",
                       inQuotes(text));
  });
  return validator;
}

} // namespace sluice
