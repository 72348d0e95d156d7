#include "runtime/executor/ExprValues.h"

namespace sluice {

ExprValues::ExprValues(const ExprTable &table, const SymbolValues &symbols)
    : table(&table), bound(symbols) {
  values.reserve(table.size());
  for (uint32_t i = 0; i < table.size(); ++i) {
    values.push_back(table.evaluate(i, symbols));
    if (table.dependsOnStep(i))
      dependent.push_back(i);
  }
}

void ExprValues::bindStep(const SymbolValues &symbols) {
  bound = symbols;
  for (uint32_t i : dependent)
    values[i] = table->evaluate(i, symbols);
}

Status ExprValues::failure(uint32_t index) const {
  return invalidArgument(table->explain(index, values[index], bound));
}

} // namespace sluice
