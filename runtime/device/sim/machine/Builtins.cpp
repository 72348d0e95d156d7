#include "runtime/device/sim/machine/Builtins.h"

#include "runtime/base/Quote.h"
#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/machine/PrintFormat.h"
#include "runtime/device/sim/memory/Windows.h"
#include "runtime/device/sim/program/Frames.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

using Bytes = std::span<const std::byte>;

/// A place in a lane's local memory.
std::byte *localAt(const Warp &w, int lane, uint64_t offset) {
  return w.local + static_cast<uint64_t>(lane) * w.launch->program->localBytes +
         offset;
}

/// What a lane finds at a generic address, to the end of the allocation, local
/// variable or shared memory; nothing if there is none.
Bytes bytesAt(Warp &w, int lane, uint64_t address) {
  auto from = [](const std::byte *host, uint64_t bytes, uint64_t offset) {
    return offset < bytes ? Bytes(host + offset, bytes - offset) : Bytes();
  };
  const Launch &launch = *w.launch;
  if (uint64_t offset = address - kSharedWindow; offset < kWindowBytes)
    return from(w.cta->shared.get(), launch.sharedBytes, offset);
  if (uint64_t offset = address - kLocalWindow; offset < kWindowBytes) {
    for (const Region &region : launch.program->local)
      if (offset - region.offset < region.bytes)
        return from(localAt(w, lane, region.offset), region.bytes,
                    offset - region.offset);
    return {};
  }
  const Allocation *found = launch.memory->find(address);
  if (found == nullptr || !found->alive)
    return {};
  return from(found->host, found->bytes, address - found->address);
}

/// The zero-terminated string at a generic address, "?" if there is none.
std::string textAt(Warp &w, int lane, uint64_t address) {
  Bytes bytes = bytesAt(w, lane, address);
  if (bytes.empty())
    return "?";
  bytes = bytes.first(std::min(bytes.size(), kMostPrinted));
  const auto *text = reinterpret_cast<const char *>(bytes.data());
  return {text, std::find(text, text + bytes.size(), '\0')};
}

template <typename T> T local(const Warp &w, int lane, uint64_t offset) {
  T value;
  std::memcpy(&value, localAt(w, lane, offset), sizeof value);
  return value;
}

} // namespace

void runAssertFail(Warp &w, const Instruction &i, LaneMask mask) {
  const auto &plan = *static_cast<const AssertPlan *>(i.payload.data);
  int lane = std::countr_zero(mask);
  w.report(
      FindingKind::Trap, i, mask,
      fmt::format(
          "the assertion {} failed, in line {} of {}",
          inQuotes(textAt(w, lane, local<uint64_t>(w, lane, plan.condition))),
          local<uint32_t>(w, lane, plan.line),
          inQuotes(textAt(w, lane, local<uint64_t>(w, lane, plan.file)))));
  w.stopLaunch();
}

void runVprintf(Warp &w, const Instruction &i, LaneMask mask) {
  const auto &plan = *static_cast<const PrintPlan *>(i.payload.data);
  for (; mask != 0; mask &= mask - 1) {
    int lane = std::countr_zero(mask);
    auto format = local<uint64_t>(w, lane, plan.format);
    if (bytesAt(w, lane, format).empty()) {
      w.report(FindingKind::OutOfBounds, i, LaneMask{1} << lane,
               fmt::format("there is no format of printf at {:#x}", format));
      continue;
    }
    PrintArguments arguments{
        bytesAt(w, lane, local<uint64_t>(w, lane, plan.arguments)),
        [&](uint64_t address) { return textAt(w, lane, address); }};
    w.launch->printed.add(w.cta->index,
                          printText(textAt(w, lane, format), arguments));
    if (!arguments.enough)
      w.report(FindingKind::OutOfBounds, i, LaneMask{1} << lane,
               "the format of printf asks for more than its arguments hold");
    if (!plan.result)
      continue;
    if (w.cta->checks != nullptr)
      w.cta->checks->localWritten(static_cast<int>(w.index) * kWarpLanes + lane,
                                  *plan.result, sizeof arguments.taken);
    std::memcpy(localAt(w, lane, *plan.result), &arguments.taken,
                sizeof arguments.taken);
  }
}

} // namespace sluice::sim
