#include "runtime/device/sim/counters/Counters.h"

#include "runtime/device/sim/check/JsonText.h"

#include <fmt/format.h>

namespace sluice::sim {

void LineCounters::operator+=(const LineCounters &other) {
  executions += other.executions;
  lanes += other.lanes;
  requests += other.requests;
  sectors += other.sectors;
  bytes += other.bytes;
  wavefronts += other.wavefronts;
  idealWavefronts += other.idealWavefronts;
}

uint64_t Counters::sharedConflicts() const {
  uint64_t sum = 0;
  for (const auto &accesses : byAccess) {
    const LineCounters &shared = accesses[static_cast<size_t>(Space::Shared)];
    sum += shared.wavefronts - shared.idealWavefronts;
  }
  return sum;
}

namespace {

std::string memoryColumns(const LineCounters &c) {
  return fmt::format("{:>12} {:>12} {:>14} {:>12} {:>12}", c.requests,
                     c.sectors, c.bytes, c.wavefronts,
                     c.wavefronts - c.idealWavefronts);
}

std::string fileOf(const CountedLine &line) {
  return line.place.substr(0, line.place.rfind(':'));
}

std::string lineOf(const CountedLine &line) {
  return line.place.substr(line.place.rfind(':') + 1);
}

std::string jsonFields(const LineCounters &c) {
  return fmt::format(
      R"("executions":{},"lanes":{},"requests":{},"sectors":{},"bytes":{},)"
      R"("wavefronts":{},"conflicts":{})",
      c.executions, c.lanes, c.requests, c.sectors, c.bytes, c.wavefronts,
      c.wavefronts - c.idealWavefronts);
}

} // namespace

std::string textOf(const Counters &counters, bool perLine) {
  std::string text = "class         instructions          lanes\n";
  uint64_t total = 0;
  for (int i = 0; i < kOpClasses; ++i) {
    const LineCounters &c = counters.byClass[static_cast<size_t>(i)];
    total += c.executions;
    if (c.executions != 0)
      text += fmt::format("{:<12} {:>13} {:>14}\n",
                          opClassName(static_cast<OpClass>(i)), c.executions,
                          c.lanes);
  }
  text += fmt::format("{:<12} {:>13}\n\n", "all", total);
  text += "memory              requests      sectors          bytes   "
          "wavefronts    conflicts\n";
  for (int store = 0; store < 2; ++store)
    for (size_t space = 0; space < 6; ++space) {
      const LineCounters &c = counters.byAccess[store][space];
      if (c.requests != 0)
        text +=
            fmt::format("{:<5} {:<8} {}\n", store != 0 ? "store" : "load",
                        spaceName(static_cast<Space>(space)), memoryColumns(c));
    }
  for (const Counters::MatrixWork &work : counters.matrix)
    text += fmt::format("matrix {:<12} {} operations\n", work.type,
                        work.operations);
  text += fmt::format("barrier waits {}\n", counters.barrierWaits);
  if (!perLine)
    return text;
  // All instructions of a kernel stand in one file.
  if (!counters.lines.empty())
    text += "\n" + fileOf(counters.lines[0]) + "\n";
  text +=
      "  executions          lanes     requests      sectors          bytes "
      "  wavefronts    conflicts    line\n";
  for (const CountedLine &line : counters.lines) {
    std::string memory = line.counters.requests != 0
                             ? memoryColumns(line.counters)
                             : std::string(66, ' ');
    text +=
        fmt::format("{:>12} {:>14} {} {:>7}: {}{}\n", line.counters.executions,
                    line.counters.lanes, memory, lineOf(line), line.text,
                    line.location.empty() ? "" : "  // " + line.location);
  }
  return text;
}

std::string jsonOf(const Counters &counters) {
  std::string text = "{\"classes\":{";
  for (int i = 0; i < kOpClasses; ++i)
    text += fmt::format("{}\"{}\":{}", i != 0 ? "," : "",
                        opClassName(static_cast<OpClass>(i)),
                        counters.byClass[static_cast<size_t>(i)].executions);
  text += "},\"memory\":[";
  bool first = true;
  for (int store = 0; store < 2; ++store)
    for (size_t space = 0; space < 6; ++space) {
      const LineCounters &c = counters.byAccess[store][space];
      if (c.requests == 0)
        continue;
      text += fmt::format(R"({}{{"access":"{}","space":"{}",{}}})",
                          first ? "" : ",", store != 0 ? "store" : "load",
                          spaceName(static_cast<Space>(space)), jsonFields(c));
      first = false;
    }
  text += "],\"matrix\":{";
  for (size_t i = 0; i < counters.matrix.size(); ++i)
    text += fmt::format("{}\"{}\":{}", i != 0 ? "," : "",
                        counters.matrix[i].type, counters.matrix[i].operations);
  text +=
      fmt::format("}},\"barrierWaits\":{},\"lines\":[", counters.barrierWaits);
  for (size_t i = 0; i < counters.lines.size(); ++i) {
    const CountedLine &line = counters.lines[i];
    text += fmt::format(
        R"({}{{"place":{},"source":{},"instruction":{},"class":"{}",)"
        R"("space":"{}",{}}})",
        i != 0 ? "," : "", jsonText(line.place), jsonText(line.location),
        jsonText(line.text), opClassName(line.opClass), spaceName(line.space),
        jsonFields(line.counters));
  }
  return text + "]}";
}

} // namespace sluice::sim
