#pragma once

#include "runtime/plan/Expr.h"

#include <vector>

namespace sluice {

/// The values of all expressions of a plan at one binding of its symbols. Most
/// launches share a few expressions, so each is evaluated once a step. The
/// table must outlive this. Only the constructor allocates.
class ExprValues {
public:
  ExprValues(const ExprTable &table, const SymbolValues &symbols);

  /// Binds T, S, L and N anew; the other symbols must be as they were.
  void bindStep(const SymbolValues &symbols);

  /// The value of expression `index`, or a negative ExprTable::Error, which is
  /// a failure only if somebody needs the value.
  int64_t operator[](uint32_t index) const { return values[index]; }

  /// The failure of expression `index`, whose value is an error.
  Status failure(uint32_t index) const;

  const SymbolValues &symbols() const { return bound; }

private:
  const ExprTable *table;
  SymbolValues bound;
  std::vector<int64_t> values;
  std::vector<uint32_t> dependent; // on the symbols of a step
};

} // namespace sluice
