#pragma once

#include "runtime/plan/PlanFile.h"
#include "runtime/text/Tokenizer.h"

namespace sluice {

/// The tokenizer that `plan` carries. Errors: Incompatible if it has none,
/// BadInput.
Result<Tokenizer> openTokenizer(const PlanFile &plan);

} // namespace sluice
