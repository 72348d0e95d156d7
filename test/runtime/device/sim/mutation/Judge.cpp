#include "test/runtime/device/sim/mutation/Judge.h"

#include <fmt/format.h>

namespace sluice::sim::mutation {
namespace {

struct NamedSchedule {
  Schedule schedule;
  const char *name;
};
// The first finds nearly all; what it does not find, the others may.
constexpr NamedSchedule kSchedules[] = {
    {Schedule::RoundRobin, "round-robin"},
    {Schedule::ProducerLast, "producer-last"},
    {Schedule::Random, "random"}};

LaunchOptions optionsFor(Schedule schedule) {
  LaunchOptions options;
  options.checks = Checks::all();
  options.async = AsyncMode::Late;
  options.schedule = schedule;
  options.timeoutSeconds = 60;
  return options;
}

std::vector<std::vector<std::byte>> resultsOf(const corpus::Case &example,
                                              const corpus::Outcome &outcome) {
  std::vector<std::vector<std::byte>> results;
  for (const corpus::Expectation &expectation : example.expectations)
    results.push_back(outcome.buffers[expectation.buffer]);
  return results;
}

} // namespace

std::string_view caughtName(Caught caught) {
  switch (caught) {
  case Caught::No:
    return "survived";
  case Caught::Unreached:
    return "unreached";
  case Caught::Refused:
    return "refused";
  case Caught::Reported:
    return "reported";
  case Caught::Limit:
    return "limit";
  case Caught::Wrong:
    return "wrong";
  case Caught::Differs:
    return "differs";
  }
  return "";
}

Judge::Judge(std::string ptx, std::string file, std::vector<corpus::Case> cases)
    : text(std::move(ptx)), name(std::move(file)) {
  for (corpus::Case &example : cases)
    baselines.push_back({std::move(example), {}, 0});
}

Status Judge::prepare() {
  LaunchOptions options = optionsFor(Schedule::RoundRobin);
  options.counters = true;
  for (Baseline &baseline : baselines) {
    SLUICE_ASSIGN(corpus::Outcome outcome,
                  corpus::runCase(baseline.example, text, name, options));
    if (!outcome.correct())
      return badInput(fmt::format("{}: {} is not correct before any mutation: "
                                  "{}",
                                  name, baseline.example.name, outcome.text()));
    baseline.results = resultsOf(baseline.example, outcome);
    baseline.instructions = outcome.warpInstructions;
    reached.merge(outcome.linesRun);
  }
  return {};
}

Verdict Judge::judge(const Mutant &mutant) const {
  if (!reached.contains(mutant.line))
    return {Caught::Unreached, {}, {}, {}};
  std::string mutated = mutant.applied(text);
  for (const NamedSchedule &schedule : kSchedules)
    for (const Baseline &baseline : baselines) {
      Verdict verdict = run(mutated, baseline, schedule.schedule);
      if (verdict.caught == Caught::No)
        continue;
      verdict.schedule = schedule.name;
      verdict.example = baseline.example.name;
      return verdict;
    }
  return {};
}

Verdict Judge::run(const std::string &mutant, const Baseline &baseline,
                   Schedule schedule) const {
  LaunchOptions options = optionsFor(schedule);
  options.maxInstructions = 10 * baseline.instructions + 10000;
  Result<corpus::Outcome> outcome =
      corpus::runCase(baseline.example, mutant, name, options);
  Verdict verdict;
  if (!outcome.ok()) {
    verdict.caught = Caught::Refused;
    verdict.why = outcome.status().message();
  } else if (!outcome->findings.empty()) {
    verdict.caught = Caught::Limit;
    for (const Finding &finding : outcome->findings) {
      bool limit = finding.kind == FindingKind::InstructionLimit ||
                   finding.kind == FindingKind::Timeout;
      if (limit && !verdict.why.empty())
        continue;
      verdict.why = findingName(finding.kind);
      if (!limit) {
        verdict.caught = Caught::Reported;
        break;
      }
    }
  } else if (!outcome->difference.empty()) {
    verdict.caught = Caught::Wrong;
  } else if (resultsOf(baseline.example, *outcome) != baseline.results) {
    verdict.caught = Caught::Differs;
  }
  return verdict;
}

} // namespace sluice::sim::mutation
