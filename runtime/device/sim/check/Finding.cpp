#include "runtime/device/sim/check/Finding.h"

#include "runtime/device/sim/check/JsonText.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/Launch.h"
#include "runtime/device/sim/machine/Warp.h"

#include <fmt/format.h>

namespace sluice::sim {

std::string_view findingName(FindingKind kind) {
  switch (kind) {
  case FindingKind::OutOfBounds:
    return "out-of-bounds";
  case FindingKind::UseAfterFree:
    return "use-after-free";
  case FindingKind::Misaligned:
    return "misaligned";
  case FindingKind::Uninitialised:
    return "uninitialised";
  case FindingKind::Race:
    return "race";
  case FindingKind::DivergentCollective:
    return "divergent-collective";
  case FindingKind::DivergentBarrier:
    return "divergent-barrier";
  case FindingKind::InFlightAccess:
    return "in-flight-access";
  case FindingKind::BarrierMisuse:
    return "barrier-misuse";
  case FindingKind::Deadlock:
    return "deadlock";
  case FindingKind::ReadOnlyWrite:
    return "read-only-write";
  case FindingKind::Trap:
    return "trap";
  case FindingKind::CallDepth:
    return "call-depth";
  case FindingKind::InstructionLimit:
    return "instruction-limit";
  case FindingKind::Timeout:
    return "timeout";
  }
  return "";
}

std::string textOf(const Finding &finding) {
  std::string text = fmt::format(
      "{}: {}: {}\n", finding.place.empty() ? finding.kernel : finding.place,
      findingName(finding.kind), finding.detail);
  if (!finding.instruction.empty())
    text += fmt::format("    {}\n", finding.instruction);
  if (!finding.location.empty())
    text += fmt::format("    from {}\n", finding.location);
  if (!finding.place.empty())
    text += fmt::format(
        "    in {}, block ({},{},{}), warp {}, lanes 0x{:08x}{}\n",
        finding.kernel, finding.block[0], finding.block[1], finding.block[2],
        finding.warp, finding.lanes,
        finding.count > 1 ? fmt::format(", {} times", finding.count) : "");
  if (!finding.other.empty())
    text += fmt::format("    against {}\n", finding.other);
  return text;
}

std::string jsonOf(const Finding &finding) {
  return fmt::format(
      R"({{"kind":{},"kernel":{},"place":{},"source":{},"instruction":{},)"
      R"("block":[{},{},{}],"warp":{},"lanes":{},"count":{},"detail":{},)"
      R"("other":{}}})",
      jsonText(findingName(finding.kind)), jsonText(finding.kernel),
      jsonText(finding.place), jsonText(finding.location),
      jsonText(finding.instruction), finding.block[0], finding.block[1],
      finding.block[2], finding.warp, finding.lanes, finding.count,
      jsonText(finding.detail), jsonText(finding.other));
}

void Findings::add(FindingKind kind, const Warp &warp,
                   const Instruction &instruction, uint32_t lanes,
                   std::string detail, std::string other) {
  const Program &program = *warp.launch->program;
  std::lock_guard lock(mutex);
  Key key{instruction.index, kind, 0};
  uint64_t rank = warp.cta->index * 64 + warp.index;
  auto found = entries.find(key);
  if (found != entries.end() && found->second.rank <= rank) {
    ++found->second.finding.count;
    return;
  }
  const Statement &statement = *program.sources[instruction.index].statement;
  Finding finding;
  finding.kind = kind;
  finding.kernel = program.kernel->name;
  finding.place = program.placeOf(instruction);
  finding.location = program.module->locationText(statement.location);
  finding.instruction = onOneLine(statement.text);
  for (int i = 0; i < 3; ++i)
    finding.block[i] = warp.cta->block[i];
  finding.warp = warp.index;
  finding.lanes = lanes;
  finding.detail = std::move(detail);
  finding.other = std::move(other);
  if (found != entries.end())
    finding.count = found->second.finding.count + 1;
  entries.insert_or_assign(key, Entry{std::move(finding), rank});
}

void Findings::add(Finding finding) {
  std::lock_guard lock(mutex);
  if (general.size() < 16)
    general.push_back(std::move(finding));
}

bool Findings::empty() const {
  std::lock_guard lock(mutex);
  return entries.empty() && general.empty();
}

std::vector<Finding> Findings::take() {
  std::lock_guard lock(mutex);
  std::vector<Finding> result;
  for (auto &[key, entry] : entries)
    result.push_back(std::move(entry.finding));
  for (Finding &finding : general)
    result.push_back(std::move(finding));
  general.clear();
  entries.clear();
  return result;
}

} // namespace sluice::sim
