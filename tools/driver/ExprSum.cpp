#include "tools/driver/ExprSum.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();

// Numbers of a plan are never negative; what is too large stays too large.
int64_t sumOf(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? most : sum;
}

int64_t productOf(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? most : product;
}

} // namespace

ExprSum ExprSum::number(int64_t value) {
  ExprSum sum;
  sum.addTerm({}, value);
  return sum;
}

ExprSum ExprSum::factor(std::string text) {
  ExprSum sum;
  sum.addTerm({std::move(text)}, 1);
  return sum;
}

void ExprSum::addTerm(const Factors &factors, int64_t count) {
  int64_t &sum = terms[factors];
  sum = sumOf(sum, count);
  if (sum == 0)
    terms.erase(factors);
}

void ExprSum::add(const ExprSum &other, int64_t times) {
  for (const auto &[factors, count] : other.terms)
    addTerm(factors, productOf(count, times));
}

std::optional<int64_t> ExprSum::asNumber() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

/// A plan of bad intent could ask for a text without end.
bool ExprSum::isTooLong() const {
  size_t letters = 0;
  for (const auto &[factors, count] : terms)
    for (const std::string &factor : factors)
      letters += factor.size() + 4;
  return letters > 2048;
}

ExprSum ExprSum::product(const ExprSum &a, const ExprSum &b) {
  ExprSum out;
  for (const auto &[left, leftCount] : a.terms)
    for (const auto &[right, rightCount] : b.terms) {
      Factors both;
      std::merge(left.begin(), left.end(), right.begin(), right.end(),
                 std::back_inserter(both));
      out.addTerm(both, productOf(leftCount, rightCount));
    }
  return out;
}

ExprSum ExprSum::apply(ExprStep::Op op, const ExprSum &a, const ExprSum &b) {
  if (op == ExprStep::Add) {
    ExprSum sum = a;
    sum.add(b);
    return sum;
  }
  if (op == ExprStep::Mul)
    return product(a, b);
  std::optional<int64_t> x = a.asNumber(), y = b.asNumber();
  std::string left = a.print(), right = b.print();
  auto grouped = [](const std::string &text) {
    return text.find(' ') == std::string::npos ? text : "(" + text + ")";
  };
  switch (op) {
  case ExprStep::Min:
    return x && y ? number(std::min(*x, *y))
                  : factor(fmt::format("min({}, {})", left, right));
  case ExprStep::Max:
    return x && y ? number(std::max(*x, *y))
                  : factor(fmt::format("max({}, {})", left, right));
  case ExprStep::FloorDiv:
    return factor(
        fmt::format("({} floordiv {})", grouped(left), grouped(right)));
  case ExprStep::CeilDiv:
    return factor(
        fmt::format("({} ceildiv {})", grouped(left), grouped(right)));
  default:
    return factor(fmt::format("({} mod {})", grouped(left), grouped(right)));
  }
}

ExprSum::ExprSum(const ExprTable &exprs, uint32_t index) {
  std::vector<ExprSum> stack;
  for (const ExprStep &step : exprs.stepsOf(index)) {
    if (step.op == ExprStep::Constant) {
      stack.push_back(number(step.value));
    } else if (step.op == ExprStep::Symbol) {
      stack.push_back(
          factor(std::string(symbolName(static_cast<Symbol>(step.value)))));
    } else {
      ExprSum right = std::move(stack.back());
      stack.pop_back();
      stack.back() = apply(step.op, stack.back(), right);
    }
    if (stack.back().isTooLong()) {
      *this = factor("(" + exprs.print(index) + ")");
      return;
    }
  }
  *this = std::move(stack.back());
}

std::string ExprSum::print() const {
  if (terms.empty())
    return "0";
  std::string text;
  for (const auto &[factors, count] : terms) {
    if (!text.empty())
      text += " + ";
    std::string term = count == most ? "inf" : std::to_string(count);
    if (count == 1 && !factors.empty())
      term.clear();
    for (const std::string &factor : factors)
      term += (term.empty() ? "" : " * ") + factor;
    text += term;
  }
  return text;
}

} // namespace sluice
