#include "runtime/device/sim/machine/AssertFail.h"

#include "runtime/base/Quote.h"
#include "runtime/device/sim/machine/Launch.h"
#include "runtime/device/sim/program/Frames.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr uint64_t kMostText = 1000;

/// The zero-terminated string at a global address, "?" if there is none.
std::string textAt(const GlobalMemory &memory, uint64_t address) {
  const Allocation *found = memory.find(address);
  if (found == nullptr || !found->alive || address >= found->end())
    return "?";
  const auto *text =
      reinterpret_cast<const char *>(found->host) + (address - found->address);
  uint64_t most = std::min(found->end() - address, kMostText);
  return {text, std::find(text, text + most, '\0')};
}

} // namespace

void runAssertFail(Warp &w, const Instruction &i, LaneMask mask) {
  const auto &plan = *static_cast<const AssertPlan *>(i.payload.data);
  const std::byte *lane =
      w.local + static_cast<uint64_t>(std::countr_zero(mask)) *
                    w.launch->program->localBytes;
  uint64_t condition = 0;
  uint64_t file = 0;
  uint32_t line = 0;
  std::memcpy(&condition, lane + plan.condition, sizeof condition);
  std::memcpy(&file, lane + plan.file, sizeof file);
  std::memcpy(&line, lane + plan.line, sizeof line);
  const GlobalMemory &memory = *w.launch->memory;
  w.report(FindingKind::Trap, i, mask,
           fmt::format("the assertion {} failed, in line {} of {}",
                       inQuotes(textAt(memory, condition)), line,
                       inQuotes(textAt(memory, file))));
  w.stopLaunch();
}

} // namespace sluice::sim
