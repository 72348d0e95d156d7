#include "runtime/executor/ContextOptions.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

constexpr uint32_t mostRows = 1u << 20;
constexpr uint32_t mostSlots = 1u << 16;
constexpr uint64_t usualContext = 4096; // tokens
constexpr uint64_t usualPage = 64;      // tokens

Status between(std::string_view what, uint64_t value, uint64_t least,
               uint64_t most) {
  if (value >= least && value <= most)
    return {};
  return invalidArgument(
      fmt::format("expected {} to {} {}, got {}", least, most, what, value));
}

} // namespace

Result<ContextOptions> ContextOptions::resolved(const PlanView &plan) const {
  ContextOptions out = *this;
  const PlanView::ModelInfo &model = plan.model;
  SLUICE_TRY(between("rows a step", maxRows, 1, mostRows));
  SLUICE_TRY(between("slots", slots, 1, mostSlots));
  if (maxSequences == 0)
    out.maxSequences = std::min(slots, maxRows);
  SLUICE_TRY(between("sequences a step", out.maxSequences, 1,
                     std::min(slots, maxRows)));
  if (maxLogitRows == 0)
    out.maxLogitRows = maxRows;
  SLUICE_TRY(between("logit rows a step", out.maxLogitRows, 1, mostRows));
  if (maxContext == 0)
    out.maxContext =
        static_cast<uint32_t>(std::min(model.maxContext, usualContext));
  SLUICE_TRY(between("tokens of context (the most this model takes)",
                     out.maxContext, 1, model.maxContext));
  if (pageTokens == 0)
    out.pageTokens =
        static_cast<uint32_t>((usualPage + model.pageMultiple - 1) /
                              model.pageMultiple * model.pageMultiple);
  SLUICE_TRY(between("tokens a page", out.pageTokens, 1, uint64_t(1) << 31));
  if (out.pageTokens % model.pageMultiple != 0)
    return invalidArgument(fmt::format(
        "expected a page of a multiple of {} tokens for this plan, got {}",
        model.pageMultiple, pageTokens));
  return out;
}

SymbolValues ContextOptions::maxima() const {
  SymbolValues values;
  values[Symbol::T] = values[Symbol::MaxT] = maxRows;
  values[Symbol::S] = values[Symbol::MaxS] = maxSequences;
  values[Symbol::L] = values[Symbol::MaxL] = maxLogitRows;
  values[Symbol::N] = values[Symbol::MaxN] = maxContext;
  values[Symbol::Slots] = slots;
  values[Symbol::P] = pageTokens;
  return values;
}

} // namespace sluice
