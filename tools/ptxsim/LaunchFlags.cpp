#include "tools/ptxsim/LaunchFlags.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Suggest.h"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

namespace sluice::ptxsim {
namespace {

template <typename T> std::optional<T> numberOf(std::string_view text) {
  T number = 0;
  const char *begin = text.data(), *end = begin + text.size();
  auto [at, error] = std::from_chars(begin, end, number);
  return error == std::errc() && at == end ? std::optional<T>(number)
                                           : std::nullopt;
}

Status unknownWord(std::string_view flag, std::string_view word,
                   const std::vector<std::string> &names) {
  std::string near = nearestName(word, names);
  return invalidArgument(fmt::format(
      "{}: expected {}, found {}{}", flag, fmt::join(names, ", "),
      inQuotes(word), near.empty() ? "" : "; did you mean " + near + "?"));
}

/// "random:7": the seed is 7; "random" alone leaves it as it is.
Result<bool> isRandom(std::string_view flag, const std::string &text,
                      std::optional<uint64_t> &seed) {
  if (text == "random")
    return true;
  if (!text.starts_with("random:"))
    return false;
  std::optional<uint64_t> number =
      numberOf<uint64_t>(std::string_view(text).substr(7));
  if (!number)
    return invalidArgument(
        fmt::format("{}: expected a seed such as random:7, found {}", flag,
                    inQuotes(text)));
  if (seed && *seed != *number)
    return invalidArgument(fmt::format(
        "{}: one seed serves --async, --schedule and --approx, found {} and {}",
        flag, *seed, *number));
  seed = number;
  return true;
}

} // namespace

Status parseExtent(std::string_view flag, const std::string &text,
                   uint32_t (&extent)[3]) {
  std::string_view rest = text;
  for (int i = 0; i < 3; ++i) {
    size_t comma = std::min(rest.find(','), rest.size());
    std::optional<uint32_t> number = numberOf<uint32_t>(rest.substr(0, comma));
    if (!number)
      break;
    extent[i] = *number;
    if (comma == rest.size())
      return {};
    rest.remove_prefix(comma + 1);
  }
  return invalidArgument(fmt::format(
      "{}: expected one to three whole numbers below 2^32 such as 16,4, found "
      "{}",
      flag, inQuotes(text)));
}

Result<uint64_t> parseBytes(std::string_view flag, const std::string &text) {
  std::string_view digits = text;
  int shift = 0;
  constexpr std::string_view units = "KMGT";
  if (size_t unit = digits.empty() ? units.npos : units.find(digits.back());
      unit != units.npos) {
    shift = 10 * (int(unit) + 1);
    digits.remove_suffix(1);
  }
  std::optional<uint64_t> number = numberOf<uint64_t>(digits);
  if (!number || *number > ~uint64_t{0} >> shift)
    return invalidArgument(
        fmt::format("{}: expected bytes such as 4096 or 48K, found {}", flag,
                    inQuotes(text)));
  return *number << shift;
}

Result<sim::Checks> parseChecks(const std::string &text) {
  sim::Checks checks;
  if (text == "all")
    return sim::Checks::all();
  if (text == "none")
    return checks;
  std::string_view rest = text;
  for (;;) {
    size_t comma = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, comma);
    if (name == "uninitialised")
      checks.uninitialised = true;
    else if (name == "races")
      checks.races = true;
    else if (name == "in-flight")
      checks.inFlight = true;
    else
      return unknownWord(
          "--check", name,
          {"all", "none", "uninitialised", "races", "in-flight"});
    if (comma == rest.size())
      return checks;
    rest.remove_prefix(comma + 1);
  }
}

Result<sim::Simulator::Grid> parseGrid(const LaunchFlags &flags) {
  sim::Simulator::Grid grid;
  SLUICE_TRY(parseExtent("--grid", flags.grid, grid.blocks));
  SLUICE_TRY(parseExtent("--block", flags.block, grid.threads));
  SLUICE_ASSIGN(grid.dynamicShared, parseBytes("--smem", flags.shared));
  return grid;
}

Result<sim::LaunchOptions> parseOptions(const LaunchFlags &flags) {
  sim::LaunchOptions options;
  SLUICE_ASSIGN(options.checks, parseChecks(flags.checks));
  std::optional<uint64_t> seed;
  SLUICE_ASSIGN(bool randomAsync, isRandom("--async", flags.async, seed));
  if (randomAsync)
    options.async = sim::AsyncMode::Random;
  else if (flags.async == "early")
    options.async = sim::AsyncMode::Early;
  else if (flags.async != "late")
    return unknownWord("--async", flags.async, {"late", "early", "random"});
  SLUICE_ASSIGN(bool randomSchedule,
                isRandom("--schedule", flags.schedule, seed));
  if (randomSchedule)
    options.schedule = sim::Schedule::Random;
  else if (flags.schedule == "producer-last")
    options.schedule = sim::Schedule::ProducerLast;
  else if (flags.schedule != "round-robin")
    return unknownWord("--schedule", flags.schedule,
                       {"round-robin", "producer-last", "random"});
  if (flags.matrix == "wide")
    options.matrix = sim::MatrixMode::Wide;
  else if (flags.matrix != "fast")
    return unknownWord("--matrix", flags.matrix, {"fast", "wide"});
  SLUICE_ASSIGN(options.perturb, isRandom("--approx", flags.approximate, seed));
  if (!options.perturb && flags.approximate != "exact")
    return unknownWord("--approx", flags.approximate, {"exact", "random"});
  options.seed = seed.value_or(options.seed);
  return options;
}

} // namespace sluice::ptxsim
