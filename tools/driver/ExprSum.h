#pragma once

#include "runtime/plan/Expr.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// A sum of products of symbols, for people: equal terms are one, so that the
/// sum of many expressions can be read. What is no sum or product, as
/// "min(T * 6, 384)", is a factor by its text.
class ExprSum {
public:
  ExprSum() = default;
  /// Expression `index`; as one factor where it would be too long as a sum.
  ExprSum(const ExprTable &exprs, uint32_t index);

  static ExprSum number(int64_t value);

  void add(const ExprSum &other, int64_t times = 1);

  /// "17 + 4096 * T + 64 * N * T", "0". A number past int64 is "inf".
  std::string print() const;

private:
  /// Factors in alphabetic order; none: a number.
  using Factors = std::vector<std::string>;

  void addTerm(const Factors &factors, int64_t count);
  std::optional<int64_t> asNumber() const;
  bool isTooLong() const;
  static ExprSum product(const ExprSum &a, const ExprSum &b);
  static ExprSum factor(std::string text);
  static ExprSum apply(ExprStep::Op op, const ExprSum &a, const ExprSum &b);

  std::map<Factors, int64_t> terms; // none is 0
};

} // namespace sluice
