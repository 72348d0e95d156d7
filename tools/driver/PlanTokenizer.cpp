#include "tools/driver/PlanTokenizer.h"

#include <fmt/format.h>

namespace sluice {

Result<Tokenizer> openTokenizer(const PlanFile &plan) {
  const Section *tables = plan.container().find(SectionKind::Tokenizer);
  if (!tables)
    return incompatible(fmt::format(
        "{}: the plan has no tokenizer, as the model had no tokenizer.json; "
        "work with token ids (--input-ids, --output-ids)",
        plan.path()));
  Result<Tokenizer> tokenizer = Tokenizer::open(std::as_bytes(tables->bytes));
  if (!tokenizer.ok())
    return tokenizer.status().in(plan.path() + ": the Tokenizer section");
  return tokenizer;
}

} // namespace sluice
