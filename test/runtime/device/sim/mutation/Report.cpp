#include "test/runtime/device/sim/mutation/Report.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace sluice::sim::mutation {
namespace {

constexpr Caught kWays[] = {Caught::Reported, Caught::Wrong,   Caught::Differs,
                            Caught::Limit,    Caught::Refused, Caught::No,
                            Caught::Unreached};

std::string row(std::string_view name, const Count &count) {
  return fmt::format(
      "{:24} {:>6} {:>6} {:>10} {:>6} {:>11} {:>7.1f} {:>7.1f}\n", name,
      count.total, count.caught, count.equivalent, count.limits,
      count.unexplained, count.ofAll(), count.ofFaults());
}

std::string head(std::string_view name) {
  return fmt::format("{:24} {:>6} {:>6} {:>10} {:>6} {:>11} {:>7} {:>7}\n",
                     name, "total", "caught", "equivalent", "limits",
                     "unexplained", "% all", "% rest");
}

std::string byKernel(const std::vector<Tried> &tried) {
  std::map<std::string, std::array<Count, kOperators>> kernels;
  for (const Tried &one : tried)
    kernels[one.kernel][size_t(one.mutant.op)].add(one);
  std::string text = fmt::format("{:24}", "caught/total");
  for (size_t op = 0; op < kOperators; ++op)
    text += fmt::format(" {:>14}", operatorName(Operator(op)));
  for (const auto &[kernel, counts] : kernels) {
    text += fmt::format("\n{:24}", kernel);
    for (const Count &count : counts)
      text += fmt::format(
          " {:>14}",
          count.total ? fmt::format("{}/{}", count.caught, count.total) : "");
  }
  return text + "\n";
}

std::string ways(const std::vector<Tried> &tried) {
  std::map<Caught, std::map<std::string, uint32_t>> seen;
  std::map<std::string, uint32_t> schedules;
  std::map<Caught, uint32_t> sums;
  for (const Tried &one : tried) {
    Caught caught = one.verdict.caught;
    ++sums[caught];
    if (caught == Caught::Reported || caught == Caught::Limit)
      ++seen[caught][one.verdict.why];
    if (caught != Caught::No && caught != Caught::Unreached)
      ++schedules[one.verdict.schedule];
  }
  std::string text;
  for (Caught caught : kWays) {
    text += fmt::format("{:24} {:>6}", caughtName(caught), sums[caught]);
    for (const auto &[why, count] : seen[caught])
      text += fmt::format("  {} {}", why, count);
    text += "\n";
  }
  for (const auto &[schedule, count] : schedules)
    text += fmt::format("caught by {:14} {:>6}\n", schedule, count);
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", int(c));
    else
      out += c;
  }
  return out + "\"";
}

} // namespace

void Count::add(const Tried &one) {
  if (one.verdict.caught == Caught::Unreached) {
    ++unreached;
    return;
  }
  ++total;
  if (one.verdict.caught != Caught::No)
    ++caught;
  else if (one.reason == nullptr)
    ++unexplained;
  else
    ++(one.reason->equivalent ? equivalent : limits);
}

double Count::ofAll() const { return total ? 100.0 * caught / total : 100; }

double Count::ofFaults() const {
  uint32_t faults = total - equivalent;
  return faults ? 100.0 * caught / faults : 100;
}

std::vector<const Reason *> explain(std::vector<Tried> &tried,
                                    const std::vector<Reason> &reasons) {
  std::map<std::pair<std::string_view, std::string_view>, const Reason *> known;
  for (const Reason &reason : reasons)
    known[{reason.kernel, reason.mutant}] = &reason;
  std::set<std::string_view> kernels;
  std::set<const Reason *> used;
  for (Tried &one : tried) {
    kernels.insert(one.kernel);
    if (one.verdict.caught != Caught::No)
      continue;
    std::string key = one.mutant.key();
    auto found = known.find({one.kernel, key});
    if (found == known.end())
      continue;
    one.reason = found->second;
    used.insert(found->second);
  }
  std::vector<const Reason *> stale;
  for (const Reason &reason : reasons)
    if (kernels.contains(reason.kernel) && !used.contains(&reason))
      stale.push_back(&reason);
  return stale;
}

std::string tables(const std::vector<Tried> &tried) {
  std::array<Count, kOperators> operators;
  std::map<std::string, Count> kernels;
  Count all;
  for (const Tried &one : tried) {
    operators[size_t(one.mutant.op)].add(one);
    kernels[one.kernel].add(one);
    all.add(one);
  }
  std::string text = byKernel(tried) + "\n" + head("kernel");
  for (const auto &[kernel, count] : kernels)
    text += row(kernel, count);
  text += "\n" + head("operator");
  for (size_t op = 0; op < kOperators; ++op)
    text += row(operatorName(Operator(op)), operators[op]);
  text += row("all", all);
  return text + "\n" + ways(tried);
}

std::string survivors(const std::vector<Tried> &tried) {
  std::string text;
  for (const Tried &one : tried)
    if (one.verdict.caught == Caught::No)
      text += fmt::format("{}:{}: {} | {} | {}\n", one.file, one.mutant.line,
                          one.kernel, one.mutant.key(),
                          one.reason ? one.reason->text : "NO REASON GIVEN");
  return text;
}

std::string json(const std::vector<Tried> &tried) {
  std::string text = "[\n";
  for (const Tried &one : tried)
    text += fmt::format(
        "{}{{\"kernel\": {}, \"file\": {}, \"line\": {}, \"operator\": {}, "
        "\"before\": {}, \"after\": {}, \"caught\": {}, \"why\": {}, "
        "\"schedule\": {}, \"case\": {}, \"reason\": {}}}",
        &one == tried.data() ? "" : ",\n", quoted(one.kernel), quoted(one.file),
        one.mutant.line, quoted(operatorName(one.mutant.op)),
        quoted(one.mutant.before), quoted(one.mutant.after),
        quoted(caughtName(one.verdict.caught)), quoted(one.verdict.why),
        quoted(one.verdict.schedule), quoted(one.verdict.example),
        quoted(one.reason ? one.reason->text : ""));
  return text + "\n]\n";
}

} // namespace sluice::sim::mutation
