#include "test/runtime/device/sim/mutation/Survivors.h"

#include <fmt/format.h>

#include <set>

namespace sluice::sim::mutation {
namespace {

constexpr std::string_view kBetween = " | ";

// PTX has | in its own text: `d|p`, without spaces.
std::vector<std::string> fieldsOf(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    size_t end = line.find(kBetween);
    fields.emplace_back(line.substr(0, end));
    if (end == std::string_view::npos)
      return fields;
    line.remove_prefix(end + kBetween.size());
  }
}

bool reasonGiven(std::string_view text, std::string_view kind) {
  return text.starts_with(kind) && text.size() > kind.size() + 10;
}

} // namespace

Result<std::vector<Reason>> readSurvivors(std::string_view text,
                                          const std::string &file) {
  std::vector<Reason> reasons;
  std::set<std::pair<std::string, std::string>> known;
  uint32_t number = 0;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#')
      continue;
    std::vector<std::string> fields = fieldsOf(line);
    if (fields.size() != 4)
      return badInput(fmt::format("{}:{}: expected four fields between \"{}\", "
                                  "found {}",
                                  file, number, kBetween, fields.size()));
    Reason reason{fields[0], fields[1] + std::string(kBetween) + fields[2],
                  fields[3], false, number};
    reason.equivalent = reasonGiven(reason.text, "equivalent: ");
    if (!reason.equivalent && !reasonGiven(reason.text, "known limit: "))
      return badInput(fmt::format(
          "{}:{}: expected \"equivalent: \" or \"known limit: \" and why, "
          "found \"{}\"",
          file, number, reason.text));
    if (!known.insert({reason.kernel, reason.mutant}).second)
      return badInput(
          fmt::format("{}:{}: expected each mutant once, found {} again", file,
                      number, reason.mutant));
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

} // namespace sluice::sim::mutation
