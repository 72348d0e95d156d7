#include "runtime/plan/Expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

constexpr std::string_view symbolNames[numSymbols] = {
    "T", "S", "L", "N", "maxT", "maxS", "maxL", "maxN", "slots", "P"};

/// A value per two steps at most, as every operator takes two.
constexpr size_t maxDepth = ExprTable::maxSteps / 2 + 1;

constexpr int64_t smallest = std::numeric_limits<int64_t>::min();

/// floor(a / b) for b != 0 and not smallest / -1.
int64_t floorDiv(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/// Writes a op b; Overflow or DivisionByZero instead of true.
int64_t apply(ExprStep::Op op, int64_t a, int64_t b, int64_t &result) {
  constexpr int64_t fine = 0;
  switch (op) {
  case ExprStep::Constant:
  case ExprStep::Symbol:
    return fine;
  case ExprStep::Add:
    return __builtin_add_overflow(a, b, &result) ? ExprTable::Overflow : fine;
  case ExprStep::Mul:
    return __builtin_mul_overflow(a, b, &result) ? ExprTable::Overflow : fine;
  case ExprStep::Min:
    result = std::min(a, b);
    return fine;
  case ExprStep::Max:
    result = std::max(a, b);
    return fine;
  case ExprStep::FloorDiv:
  case ExprStep::CeilDiv:
  case ExprStep::Mod:
    break;
  }
  if (b == 0)
    return ExprTable::DivisionByZero;
  if (a == smallest && b == -1)
    return ExprTable::Overflow;
  int64_t quotient = floorDiv(a, b);
  if (op == ExprStep::FloorDiv)
    result = quotient;
  else if (op == ExprStep::CeilDiv)
    result = quotient + (a % b != 0);
  else
    result = a - quotient * b;
  return fine;
}

std::string_view opName(ExprStep::Op op) {
  switch (op) {
  case ExprStep::Add:
    return "+";
  case ExprStep::Mul:
    return "*";
  case ExprStep::FloorDiv:
    return "floordiv";
  case ExprStep::CeilDiv:
    return "ceildiv";
  case ExprStep::Mod:
    return "mod";
  case ExprStep::Min:
    return "min";
  case ExprStep::Max:
    return "max";
  case ExprStep::Constant:
  case ExprStep::Symbol:
    break;
  }
  return "?";
}

} // namespace

std::string_view symbolName(Symbol symbol) {
  return symbolNames[static_cast<size_t>(symbol)];
}

Symbol symbolFromName(std::string_view name) {
  auto it = std::find(std::begin(symbolNames), std::end(symbolNames), name);
  return static_cast<Symbol>(it - std::begin(symbolNames));
}

Status ExprTable::append(std::span<const ExprStep> steps) {
  if (steps.empty() || steps.size() > maxSteps)
    return badInput(
        fmt::format("expected 1 to {} steps, got {}", maxSteps, steps.size()));
  size_t depth = 0;
  bool dependent = false;
  for (size_t i = 0; i < steps.size(); ++i) {
    const ExprStep &step = steps[i];
    if (step.op == ExprStep::Constant || step.op == ExprStep::Symbol) {
      dependent |= step.op == ExprStep::Symbol &&
                   step.value < static_cast<int64_t>(numStepSymbols);
      // Cannot reach maxDepth and still end with one value.
      if (++depth > maxDepth)
        return badInput("the steps leave more than one value");
    } else if (depth-- < 2) {
      return badInput(fmt::format("step {} takes two values, there {} {}", i,
                                  depth == 0 ? "is" : "are", depth + 1));
    }
  }
  if (depth != 1)
    return badInput(
        fmt::format("the steps leave {} values, expected one", depth));
  allSteps.insert(allSteps.end(), steps.begin(), steps.end());
  ends.push_back(static_cast<uint32_t>(allSteps.size()));
  stepDependent.push_back(dependent);
  return {};
}

std::span<const ExprStep> ExprTable::stepsOf(uint32_t index) const {
  uint32_t begin = index == 0 ? 0 : ends[index - 1];
  return {allSteps.data() + begin, ends[index] - begin};
}

int64_t ExprTable::evaluate(uint32_t index, const SymbolValues &symbols) const {
  int64_t stack[maxDepth];
  size_t depth = 0;
  for (const ExprStep &step : stepsOf(index)) {
    if (step.op == ExprStep::Constant) {
      stack[depth++] = step.value;
    } else if (step.op == ExprStep::Symbol) {
      stack[depth++] = symbols[static_cast<Symbol>(step.value)];
    } else {
      --depth;
      if (int64_t error =
              apply(step.op, stack[depth - 1], stack[depth], stack[depth - 1]))
        return error;
    }
  }
  return stack[0] < 0 ? Negative : stack[0];
}

bool ExprTable::isSymbol(uint32_t index, Symbol &symbol) const {
  std::span<const ExprStep> steps = stepsOf(index);
  if (steps.size() != 1 || steps[0].op != ExprStep::Symbol)
    return false;
  symbol = static_cast<Symbol>(steps[0].value);
  return true;
}

std::string ExprTable::print(uint32_t index) const {
  // The operators have no precedence here: what is not a leaf is put in
  // parentheses as an operand.
  struct Text {
    std::string text;
    bool leaf;
  };
  std::vector<Text> stack;
  auto operand = [](const Text &t) {
    return t.leaf ? t.text : "(" + t.text + ")";
  };
  for (const ExprStep &step : stepsOf(index)) {
    if (step.op == ExprStep::Constant) {
      stack.push_back({fmt::format("{}", step.value), true});
    } else if (step.op == ExprStep::Symbol) {
      stack.push_back(
          {std::string(symbolName(static_cast<Symbol>(step.value))), true});
    } else {
      Text b = std::move(stack.back());
      stack.pop_back();
      Text &a = stack.back();
      a = {fmt::format("{} {} {}", operand(a), opName(step.op), operand(b)),
           false};
    }
  }
  return stack.back().text;
}

std::string ExprTable::explain(uint32_t index, int64_t error,
                               const SymbolValues &symbols) const {
  std::string where;
  for (const ExprStep &step : stepsOf(index))
    if (step.op == ExprStep::Symbol) {
      auto symbol = static_cast<Symbol>(step.value);
      std::string one =
          fmt::format("{} = {}", symbolName(symbol), symbols[symbol]);
      if (where.find(one) == std::string::npos)
        where += (where.empty() ? " at " : ", ") + one;
    }
  std::string_view what = error == Overflow         ? "overflows 64 bits"
                          : error == DivisionByZero ? "divides by zero"
                                                    : "is negative";
  return fmt::format("the expression {} {}{}", print(index), what, where);
}

} // namespace sluice
