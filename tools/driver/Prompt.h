#pragma once

#include "runtime/plan/PlanFile.h"
#include "runtime/text/Tokenizer.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

/// Where the input of a run comes from: one of the three, or standard input.
struct PromptFlags {
  std::optional<std::string> text, file, ids;
  bool noBos = false;
};

/// Adds --prompt, --prompt-file, --input-ids and --no-bos to `verb`. `flags`
/// must outlive the parse.
void addPromptFlags(CLI::App &verb, PromptFlags &flags);

/// The token ids of the input, at least one, each below the plan's vocabulary.
/// `tokenizer` is that of the plan, null if it need not be asked (ids are
/// given). Errors: InvalidArgument for a prompt that is empty or no UTF-8.
Result<std::vector<int32_t>> readPrompt(const PromptFlags &flags,
                                        const PlanView &plan,
                                        const Tokenizer *tokenizer);

} // namespace sluice
