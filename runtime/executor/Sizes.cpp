#include "runtime/executor/Sizes.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

constexpr uint64_t mostBytes = uint64_t(1) << 62;

/// Fills a Sizes, part by part.
class Sizer {
public:
  Sizer(const PlanView &plan, const ContextOptions &options, uint32_t target)
      : plan(plan), options(options), target(target), maxima(options.maxima()) {
  }

  Result<Sizes> run() {
    SLUICE_TRY(sizeVariants());
    SLUICE_TRY(sizeArena());
    SLUICE_TRY(sizeStates());
    SLUICE_TRY(sizeInputs());
    for (const PlanView::Stack &stack : plan.stacks)
      sizes.tableBytes +=
          uint64_t(stack.instances()) * stack.table * sizeof(uint64_t);
    sizes.codeBytes = plan.sections[plan.targets[target].section].bytes.size();
    return std::move(sizes);
  }

private:
  Result<uint64_t> evaluate(uint32_t expr, const SymbolValues &at) const {
    int64_t value = plan.exprs.evaluate(expr, at);
    if (value < 0)
      return invalidArgument(plan.exprs.explain(expr, value, at));
    if (static_cast<uint64_t>(value) > mostBytes)
      return tooLarge();
    return static_cast<uint64_t>(value);
  }
  static Status tooLarge() {
    return outOfMemory("a context of this size needs more than 2^62 bytes; ask "
                       "for less context, fewer rows or fewer slots");
  }
  static Status add(uint64_t &sum, uint64_t bytes) {
    std::optional<uint64_t> more = checkedAlign(bytes, placeAlignment);
    more = more ? checkedAdd(sum, *more) : more;
    if (!more || *more > mostBytes)
      return tooLarge();
    sum = *more;
    return {};
  }

  Status sizeVariants();
  Status sizeVariant(const PlanView::Variant &variant, VariantSizes &out);
  bool narrow(const PlanView::Bound &bound, SymbolValues &at) const;
  Status sizeArena();
  Status sizeStates();
  Status sizeInputs();

  const PlanView &plan;
  const ContextOptions &options;
  uint32_t target;
  SymbolValues maxima;
  Sizes sizes;
};

Status Sizer::sizeVariants() {
  for (const PlanView::Kernel &kernel : plan.kernels) {
    std::vector<VariantSizes> &out = sizes.variants.emplace_back();
    for (const PlanView::Variant &variant : kernel.variants) {
      out.emplace_back();
      if (variant.target == target)
        SLUICE_TRY(sizeVariant(variant, out.back())
                       .in(fmt::format("kernel {}", inQuotes(kernel.name))));
    }
  }
  return {};
}

/// Whether a step can satisfy `bound`; lowers the symbol it bounds in `at`, so
/// that a variant for few rows is not paid for at many.
bool Sizer::narrow(const PlanView::Bound &bound, SymbolValues &at) const {
  if (!plan.exprs.dependsOnStep(bound.expr)) {
    int64_t value = plan.exprs.evaluate(bound.expr, maxima);
    return value >= bound.atLeast && value <= bound.atMost;
  }
  Symbol symbol;
  if (!plan.exprs.isSymbol(bound.expr, symbol))
    return true;
  if (bound.atMost < 0 || bound.atLeast > maxima[symbol])
    return false;
  at[symbol] = std::min(at[symbol], bound.atMost);
  return true;
}

Status Sizer::sizeVariant(const PlanView::Variant &variant, VariantSizes &out) {
  SymbolValues at = maxima;
  for (const PlanView::Bound &bound : variant.guard)
    if (!narrow(bound, at))
      return {};
  out.usable = true;
  for (uint32_t expr : variant.buffers) {
    SLUICE_ASSIGN(uint64_t bytes, evaluate(expr, at));
    out.buffers.push_back(out.bytes);
    SLUICE_TRY(add(out.bytes, bytes));
  }
  for (const PlanView::Stage &stage : variant.stages) {
    SLUICE_ASSIGN(uint64_t scratch, evaluate(stage.scratch, at));
    out.scratch = std::max(out.scratch, scratch);
  }
  return {};
}

Status Sizer::sizeArena() {
  std::vector<Lifetime> pieces;
  for (const PlanView::Buffer &buffer : plan.buffers) {
    SLUICE_ASSIGN(uint64_t bytes, evaluate(buffer.bytes, maxima));
    sizes.buffers.push_back(bytes);
    pieces.push_back({bytes, buffer.first, buffer.last});
  }
  for (uint32_t i = 0; i < plan.launches.size(); ++i) {
    uint64_t bytes = 0;
    for (const VariantSizes &variant :
         sizes.variants[plan.launches[i].kernel]) {
      bytes = std::max(bytes, variant.bytes);
      sizes.scratch = std::max(sizes.scratch, variant.scratch);
    }
    pieces.push_back({bytes, i, i});
  }
  SLUICE_ASSIGN(sizes.arena, placeArena(pieces, static_cast<uint32_t>(
                                                    plan.launches.size())));
  for (size_t i = 0; i < plan.launches.size(); ++i)
    sizes.inner.push_back(sizes.arena.offsets[plan.buffers.size() + i]);
  return {};
}

Status Sizer::sizeStates() {
  uint64_t pages = (options.maxContext + uint64_t(options.pageTokens) - 1) /
                   options.pageTokens; // of a slot
  if (pages * options.slots > uint64_t(std::numeric_limits<int32_t>::max()))
    return tooLarge(); // pages are numbered in int32
  for (const PlanView::State &state : plan.states) {
    uint64_t rows = state.keep; // of a slot
    if (state.paged()) {
      rows = pages * (options.pageTokens / state.every);
      sizes.pagesPerSlot = pages;
    }
    std::optional<uint64_t> bytes =
        checkedMul(rows * options.slots, state.rowBytes);
    if (!bytes)
      return tooLarge();
    sizes.states.push_back(*bytes);
    for (uint32_t i = 0; i < state.instances(); ++i)
      SLUICE_TRY(add(sizes.stateBytes, *bytes));
  }
  return {};
}

Status Sizer::sizeInputs() {
  using Kind = PlanView::InputKind;
  auto set = [&](Kind kind, uint64_t elements) {
    sizes.inputs[static_cast<size_t>(kind)] = elements * sizeof(int32_t);
  };
  for (Kind kind : {Kind::Ids, Kind::Pos, Kind::Slot, Kind::First})
    set(kind, options.maxRows);
  set(Kind::Rows, uint64_t(options.maxSequences) + 1);
  set(Kind::LogitRows, options.maxLogitRows);
  set(Kind::Pages, options.slots * sizes.pagesPerSlot);
  for (const PlanView::Input &input : plan.inputs) {
    SLUICE_ASSIGN(uint64_t elements, evaluate(input.count, maxima));
    // The page table is there for all states or for none.
    if (input.kind == Kind::Pages && sizes.pagesPerSlot == 0)
      continue;
    uint64_t bound = sizes.inputs[static_cast<size_t>(input.kind)];
    if (elements * sizeof(int32_t) != bound)
      return badInput(fmt::format(
          "the plan's input {} has {} elements, the runtime binds {}",
          inQuotes(inputName(input.kind)), elements, bound / sizeof(int32_t)));
  }
  for (uint64_t bytes : sizes.inputs)
    SLUICE_TRY(add(sizes.inputBytes, bytes));
  return {};
}

} // namespace

Result<Sizes> Sizes::of(const PlanView &plan, const ContextOptions &options,
                        uint32_t target) {
  return Sizer(plan, options, target).run();
}

MemoryBill billOf(const Sizes &sizes, unsigned threads, uint64_t weights) {
  return {weights,          sizes.arena.bytes, sizes.stateBytes,
          sizes.inputBytes, sizes.tableBytes,  sizes.scratch * threads,
          sizes.codeBytes};
}

} // namespace sluice
