#include "runtime/executor/StepInput.h"

#include <fmt/format.h>

namespace sluice {
namespace {

Status fault(std::string_view sentence) {
  return invalidArgument("step: " + std::string(sentence));
}

Status checkCounts(const StepInput &step, const ContextOptions &options) {
  size_t rows = step.ids.size();
  if (rows > options.maxRows)
    return fault(fmt::format("{} rows, the context takes {} at most; cut the "
                             "step into chunks",
                             rows, options.maxRows));
  if (step.pos.size() != rows || step.slot.size() != rows)
    return fault(fmt::format(
        "expected one position and one slot for each of {} ids, got {} and {}",
        rows, step.pos.size(), step.slot.size()));
  if (step.rows.empty() || step.rows.size() - 1 > options.maxSequences)
    return fault(fmt::format(
        "expected 1 to {} row offsets, one more than sequences, got {}",
        options.maxSequences + 1, step.rows.size()));
  if (step.logitRows.size() > options.maxLogitRows)
    return fault(fmt::format("{} logit rows, the context takes {} at most",
                             step.logitRows.size(), options.maxLogitRows));
  return {};
}

/// B1.
Status checkRows(const StepInput &step) {
  for (size_t i = 0; i + 1 < step.rows.size(); ++i)
    if (step.rows[i + 1] <= step.rows[i])
      return fault(fmt::format("row offsets must ascend, entry {} is {} after "
                               "{}",
                               i + 1, step.rows[i + 1], step.rows[i]));
  auto rows = static_cast<int64_t>(step.ids.size());
  if (step.rows.front() != 0 || step.rows.back() != rows)
    return fault(fmt::format("expected row offsets from 0 to {}, got {} to {}",
                             rows, step.rows.front(), step.rows.back()));
  return {};
}

/// B2 to B4 for the sequence in rows begin to end - 1, begin < end.
Status checkSequence(const StepInput &step, size_t begin, size_t end,
                     const ContextOptions &options, const StateMemory &state,
                     std::vector<bool> &seen) {
  int32_t slot = step.slot[begin];
  if (slot < 0 || static_cast<uint32_t>(slot) >= options.slots)
    return fault(fmt::format("row {} has slot {}, expected 0 to {}", begin,
                             slot, options.slots - 1));
  if (seen[slot])
    return fault(fmt::format("slot {} is used by two sequences", slot));
  seen[slot] = true;
  uint32_t kept = state.kept(slot);
  if (step.pos[begin] < 0 || static_cast<uint32_t>(step.pos[begin]) != kept)
    return fault(fmt::format("slot {} has kept {} tokens, so row {} must have "
                             "position {}, got {}",
                             slot, kept, begin, kept, step.pos[begin]));
  if (kept + (end - begin) > options.maxContext)
    return fault(fmt::format("slot {} would hold {} tokens, the context takes "
                             "{} at most",
                             slot, kept + (end - begin), options.maxContext));
  for (size_t row = begin + 1; row < end; ++row) {
    if (step.slot[row] != slot)
      return fault(fmt::format("rows {} and {} are of one sequence, but have "
                               "slots {} and {}",
                               row - 1, row, slot, step.slot[row]));
    if (step.pos[row] - int64_t(step.pos[row - 1]) != 1)
      return fault(fmt::format("positions of a sequence are consecutive, rows "
                               "{} and {} have {} and {}",
                               row - 1, row, step.pos[row - 1], step.pos[row]));
  }
  return {};
}

} // namespace

Status checkStep(const StepInput &step, const ContextOptions &options,
                 uint32_t vocabulary, const StateMemory &state,
                 std::vector<bool> &seen) {
  SLUICE_TRY(checkCounts(step, options));
  SLUICE_TRY(checkRows(step));
  for (size_t row = 0; row < step.ids.size(); ++row)
    if (step.ids[row] < 0 || static_cast<uint32_t>(step.ids[row]) >= vocabulary)
      return fault(fmt::format("row {} has token {}, expected 0 to {}", row,
                               step.ids[row], vocabulary - 1));
  for (size_t i = 0; i < step.logitRows.size(); ++i)
    if (step.logitRows[i] < 0 ||
        static_cast<size_t>(step.logitRows[i]) >= step.ids.size())
      return fault(fmt::format("logit row {} is row {}, the step has {} rows",
                               i, step.logitRows[i], step.ids.size()));
  Status result;
  size_t checked = 0;
  for (; result.ok() && checked + 1 < step.rows.size(); ++checked)
    result = checkSequence(step, step.rows[checked], step.rows[checked + 1],
                           options, state, seen);
  for (size_t i = 0; i < checked; ++i)
    if (uint32_t slot = step.slot[step.rows[i]]; slot < options.slots)
      seen[slot] = false;
  return result;
}

Result<InputMemory> InputMemory::create(Device &device,
                                        const ContextOptions &options,
                                        const Sizes &sizes) {
  InputMemory out(device);
  out.first.resize(options.maxRows);
  for (size_t i = 0; i < sizes.inputs.size(); ++i) {
    if (i == static_cast<size_t>(PlanView::InputKind::Pages))
      continue;
    SLUICE_ASSIGN(out.spans[i], device.allocate(sizes.inputs[i]));
  }
  return out;
}

Status InputMemory::upload(Stream &stream, const StepInput &step) {
  using Kind = PlanView::InputKind;
  for (size_t i = 0; i + 1 < step.rows.size(); ++i)
    for (int32_t row = step.rows[i]; row < step.rows[i + 1]; ++row)
      first[row] = step.rows[i];
  SLUICE_TRY(upload(stream, Kind::Ids, step.ids));
  SLUICE_TRY(upload(stream, Kind::Pos, step.pos));
  SLUICE_TRY(upload(stream, Kind::Slot, step.slot));
  SLUICE_TRY(
      upload(stream, Kind::First, std::span(first).first(step.ids.size())));
  SLUICE_TRY(upload(stream, Kind::Rows, step.rows));
  return upload(stream, Kind::LogitRows, step.logitRows);
}

} // namespace sluice
