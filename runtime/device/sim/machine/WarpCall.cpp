// Calls of functions: what is copied, and what a recursion keeps.

#include "runtime/device/sim/check/BlockChecks.h"
#include "runtime/device/sim/machine/Cta.h"
#include "runtime/device/sim/program/Frames.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {

void Warp::call(const Instruction *target, const CallPlan &plan,
                LaneMask lanes) {
  constexpr uint32_t mostCalls = 1024;
  uint32_t depth = join == kNone ? 0 : joins[join].depth;
  if (depth == mostCalls) {
    report(FindingKind::CallDepth, pc[-1], lanes,
           fmt::format("more than {} calls inside one another", mostCalls));
    stopLaunch();
    return;
  }
  // Only a ret leads to it: in a recursion, several joins have one way back.
  static const Instruction nowhere;
  Join value;
  value.pc = &nowhere;
  value.back = pc;
  value.expected = lanes;
  value.parent = join;
  value.depth = depth + 1;
  value.call = &plan;
  if (plan.callee.recursive) {
    save(plan.callee, value);
    if (value.saved == nullptr) {
      report(FindingKind::CallDepth, pc[-1], lanes,
             "no host memory is left for calls");
      stopLaunch();
      return;
    }
  }
  LaneMask others = mask & ~lanes;
  if (others != 0)
    split(pc, others);
  setJoin(newJoin(std::move(value)));
  mask = lanes;
  for (const CallPlan::Copy &copy : plan.arguments)
    copyLocal(copy.from, copy.to, copy.bytes, lanes);
  pc = target;
}

int Warp::threadOf(uint64_t lane) const {
  return static_cast<int>(index * kWarpLanes + lane);
}

void Warp::copyLocal(uint64_t from, uint64_t to, uint32_t bytes,
                     LaneMask lanes) {
  uint64_t stride = launch->program->localBytes;
  for (; lanes != 0; lanes &= lanes - 1) {
    auto lane = static_cast<uint64_t>(std::countr_zero(lanes));
    if (BlockChecks *checks = cta->checks.get())
      checks->setLocalState(threadOf(lane), to,
                            checks->localState(threadOf(lane), from, bytes));
    std::byte *mine = local + lane * stride;
    std::memmove(mine + to, mine + from, bytes);
  }
}

// What a recursive callee's registers and local memory hold is the caller's.
void Warp::save(const Frame &callee, Join &join) {
  uint32_t bytes = callee.registerEnd - callee.firstRegister;
  uint64_t localBytes = callee.localEnd - callee.firstLocal;
  join.saved.reset(new (std::nothrow)
                       std::byte[bytes + localBytes * kWarpLanes]);
  if (join.saved == nullptr)
    return;
  std::memcpy(join.saved.get(), registers + callee.firstRegister, bytes);
  if (tracksTaint())
    join.savedTaints.assign(taints.begin() + callee.firstRegister / kUnit,
                            taints.begin() + callee.registerEnd / kUnit);
  for (uint64_t lane = 0; lane < kWarpLanes; ++lane) {
    if (localBytes != 0)
      std::memcpy(join.saved.get() + bytes + lane * localBytes,
                  local + lane * launch->program->localBytes +
                      callee.firstLocal,
                  localBytes);
    if (cta->checks != nullptr)
      join.savedWritten.push_back(cta->checks->localState(
          threadOf(lane), callee.firstLocal, localBytes));
  }
}

// Only of these lanes: others may be in the callee on their own way.
void Warp::restore(const Join &join, LaneMask lanes) {
  const CallPlan &plan = *join.call;
  uint32_t first = plan.callee.firstRegister;
  uint32_t bytes = plan.callee.registerEnd - first;
  for (const CallPlan::Saved &one : plan.saved) {
    const std::byte *from = join.saved.get() + (one.offset - first);
    if (one.bytes == 0) {
      LaneMask value;
      std::memcpy(&value, from, sizeof value);
      setPredicate(one.offset, value, lanes);
      continue;
    }
    uint64_t width = std::min<uint64_t>(one.bytes, 8);
    for (uint64_t part = 0; part < one.bytes; part += 8)
      for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
        uint64_t at = part * kWarpLanes +
                      static_cast<uint64_t>(std::countr_zero(rest)) * width;
        std::memcpy(registers + one.offset + at, from + at, width);
      }
  }
  for (uint32_t unit = 0; unit < join.savedTaints.size(); ++unit)
    setTaint(first / kUnit + unit, join.savedTaints[unit], lanes);
  uint64_t localBytes = plan.callee.localEnd - plan.callee.firstLocal;
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    auto lane = static_cast<uint64_t>(std::countr_zero(rest));
    if (localBytes != 0)
      std::memcpy(local + lane * launch->program->localBytes +
                      plan.callee.firstLocal,
                  join.saved.get() + bytes + lane * localBytes, localBytes);
    if (!join.savedWritten.empty())
      cta->checks->setLocalState(threadOf(lane), plan.callee.firstLocal,
                                 join.savedWritten[lane]);
  }
}

// The lanes have come back. A recursive callee was perhaps its own caller,
// whose registers are restored; results go to the caller after that.
void Warp::finishCall(Join &done, LaneMask lanes) {
  const CallPlan &plan = *done.call;
  if (done.saved == nullptr) {
    for (const CallPlan::Copy &copy : plan.results)
      copyLocal(copy.from, copy.to, copy.bytes, lanes);
    return;
  }
  struct Result {
    uint64_t lane, to;
    std::vector<std::byte> bytes;
    std::vector<bool> written;
  };
  std::vector<Result> results;
  uint64_t stride = launch->program->localBytes;
  for (const CallPlan::Copy &copy : plan.results)
    for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
      auto lane = static_cast<uint64_t>(std::countr_zero(rest));
      const std::byte *from = local + lane * stride + copy.from;
      results.push_back({lane, copy.to, {from, from + copy.bytes}, {}});
      if (cta->checks != nullptr)
        results.back().written =
            cta->checks->localState(threadOf(lane), copy.from, copy.bytes);
    }
  restore(done, lanes);
  for (const Result &result : results) {
    std::copy(result.bytes.begin(), result.bytes.end(),
              local + result.lane * stride + result.to);
    if (cta->checks != nullptr)
      cta->checks->setLocalState(threadOf(result.lane), result.to,
                                 result.written);
  }
}

} // namespace sluice::sim
