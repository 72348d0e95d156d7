#include "tools/driver/DumpCost.h"

#include "tools/driver/ExprSum.h"

#include <algorithm>
#include <functional>
#include <set>

namespace sluice {
namespace {

using Guard = std::vector<PlanView::Bound>;
using Variant = PlanView::Variant;

bool sameGuard(const Guard &a, const Guard &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PlanView::Bound &x, const PlanView::Bound &y) {
                      return x.expr == y.expr && x.atLeast == y.atLeast &&
                             x.atMost == y.atMost;
                    });
}

/// Each buffer that a launch names, once.
std::set<uint32_t> buffersOf(const PlanView::Launch &launch) {
  std::set<uint32_t> named;
  for (const fb::Arg &arg : launch.args)
    if (arg.kind() == fb::ArgKind::Buffer)
      named.insert(arg.index());
  return named;
}

/// The parts of a cost, in an order of their own.
enum Part { Flops, Weights, Buffers, State, numParts };
constexpr const char *partNames[numParts] = {"flops", "weights", "buffers",
                                             "state"};

/// Tells `term` of each expression that is part of the cost of a launch, and
/// how often it counts.
void visitCost(
    const PlanView &plan, const PlanView::Launch &launch,
    const Variant &variant,
    const std::function<void(Part, uint32_t expr, int64_t times)> &term) {
  const PlanView::Kernel &kernel = plan.kernels[launch.kernel];
  if (kernel.cost) {
    term(Flops, kernel.cost->flops, 1);
    term(Weights, kernel.cost->weights, 1);
    term(State, kernel.cost->state, 1);
  }
  for (uint32_t buffer : buffersOf(launch))
    term(Buffers, plan.buffers[buffer].bytes, 1);
  for (uint32_t bytes : variant.buffers)
    term(Buffers, bytes, 2);
}

struct Sums {
  ExprSum parts[numParts];
  size_t launches = 0, stages = 0;

  void add(const PlanView &plan, const PlanView::Launch &launch,
           const Variant &variant) {
    ++launches;
    stages += variant.stages.size();
    visitCost(plan, launch, variant,
              [&](Part part, uint32_t expr, int64_t times) {
                parts[part].add(ExprSum(plan.exprs, expr), times);
              });
  }
};

/// The parts as text; none where the plan does not say.
void appendParts(std::vector<Cell> &row, const Sums &sums, bool isRecorded) {
  for (Part part : {Flops, Weights, Buffers, State})
    row.push_back(part == Buffers || isRecorded ? Cell(sums.parts[part].print())
                                                : Cell::none());
}

bool isRecorded(const PlanView &plan) {
  return std::all_of(
      plan.kernels.begin(), plan.kernels.end(),
      [](const PlanView::Kernel &kernel) { return kernel.cost.has_value(); });
}

std::vector<std::string> with(std::vector<std::string> columns) {
  columns.insert(columns.end(), partNames, partNames + numParts);
  return columns;
}

/// The first variant for `target` that `fits`.
const Variant *find(const PlanView::Kernel &kernel, uint32_t target,
                    const std::function<bool(const Guard &)> &fits) {
  for (const Variant &variant : kernel.variants)
    if (variant.target == target && fits(variant.guard))
      return &variant;
  return nullptr;
}

bool holds(const PlanView &plan, const Guard &guard,
           const SymbolValues &symbols) {
  return std::all_of(guard.begin(), guard.end(),
                     [&](const PlanView::Bound &bound) {
                       int64_t value = plan.exprs.evaluate(bound.expr, symbols);
                       return value >= bound.atLeast && value <= bound.atMost;
                     });
}

/// A sum of values that may not exist.
struct Number {
  uint64_t value = 0;
  bool exists = true;

  void add(int64_t more, int64_t times) {
    uint64_t product;
    exists =
        exists && more >= 0 &&
        !__builtin_mul_overflow(uint64_t(more), uint64_t(times), &product) &&
        !__builtin_add_overflow(value, product, &value);
  }
  Cell cell() const { return exists ? Cell(value) : Cell::none(); }
  Cell bytes() const { return exists ? Cell::bytes(value) : Cell::none(); }
};

std::vector<Cell> exampleRow(const PlanView &plan, const char *name,
                             const SymbolValues &symbols, uint32_t target) {
  Number parts[numParts];
  size_t launches = 0, stages = 0;
  for (const PlanView::Launch &launch : plan.launches) {
    const Variant *variant =
        find(plan.kernels[launch.kernel], target,
             [&](const Guard &guard) { return holds(plan, guard, symbols); });
    if (!variant)
      continue;
    ++launches;
    stages += variant->stages.size();
    visitCost(plan, launch, *variant,
              [&](Part part, uint32_t expr, int64_t times) {
                parts[part].add(plan.exprs.evaluate(expr, symbols), times);
              });
  }
  if (!isRecorded(plan))
    for (Part part : {Flops, Weights, State})
      parts[part].exists = false;
  std::vector<Cell> row = {name};
  for (Symbol symbol : {Symbol::T, Symbol::S, Symbol::L, Symbol::N})
    row.emplace_back(symbols[symbol]);
  row.insert(row.end(),
             {launches, stages, parts[Flops].cell(), parts[Weights].bytes(),
              parts[Buffers].bytes(), parts[State].bytes()});
  return row;
}

} // namespace

Table dumpCost(const PlanView &plan, uint32_t target) {
  Table table{with({"kernel", "name", "guard", "launches", "stages"}), {}};
  std::vector<const PlanView::Launch *> first(plan.kernels.size());
  std::vector<size_t> launches(plan.kernels.size());
  for (const PlanView::Launch &launch : plan.launches) {
    if (launches[launch.kernel]++ == 0)
      first[launch.kernel] = &launch;
  }
  for (size_t k = 0; k < plan.kernels.size(); ++k)
    for (const Variant &variant : plan.kernels[k].variants) {
      if (variant.target != target || !first[k])
        continue;
      Sums sums;
      sums.add(plan, *first[k], variant);
      std::vector<Cell> row = {k, plan.kernels[k].name,
                               guardCell(plan, variant.guard), launches[k],
                               variant.stages.size()};
      appendParts(row, sums, plan.kernels[k].cost.has_value());
      table.rows.push_back(std::move(row));
    }
  return table;
}

Table dumpStepCost(const PlanView &plan, uint32_t target) {
  Table table{with({"guard", "launches", "stages"}), {}};
  std::vector<Guard> guards;
  auto isIn = [&](const Guard &guard) {
    return std::any_of(guards.begin(), guards.end(), [&](const Guard &known) {
      return sameGuard(known, guard);
    });
  };
  for (const PlanView::Kernel &kernel : plan.kernels)
    for (const Variant &variant : kernel.variants)
      if (variant.target == target && !isIn(variant.guard))
        guards.push_back(variant.guard);
  for (const Guard &guard : guards) {
    Sums sums;
    for (const PlanView::Launch &launch : plan.launches) {
      const PlanView::Kernel &kernel = plan.kernels[launch.kernel];
      const Variant *variant = find(
          kernel, target, [&](const Guard &g) { return sameGuard(g, guard); });
      if (!variant)
        variant =
            find(kernel, target, [](const Guard &g) { return g.empty(); });
      if (variant)
        sums.add(plan, launch, *variant);
    }
    std::vector<Cell> row = {guardCell(plan, guard), sums.launches,
                             sums.stages};
    appendParts(row, sums, isRecorded(plan));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table dumpCostExamples(const PlanView &plan, const ContextOptions &options,
                       uint32_t target) {
  Table table{with({"step", "T", "S", "L", "N", "launches", "stages"}), {}};
  SymbolValues symbols = options.maxima();
  auto set = [&](int64_t rows, int64_t context) {
    symbols[Symbol::T] = rows;
    symbols[Symbol::S] = symbols[Symbol::L] = 1;
    symbols[Symbol::N] = context;
  };
  set(1, options.maxContext);
  table.rows.push_back(exampleRow(plan, "decode", symbols, target));
  int64_t rows = std::min(options.maxRows, options.maxContext);
  set(rows, rows);
  table.rows.push_back(exampleRow(plan, "prefill", symbols, target));
  return table;
}

} // namespace sluice
