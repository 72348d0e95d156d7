#pragma once

#include "runtime/plan/PlanFile.h"
#include "runtime/text/Tokenizer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

/// Where the text of an evaluation comes from: one of the two.
struct EvalTextFlags {
  std::string file; // "-": standard input
  std::optional<std::string> ids;
  bool noBos = false;
};

/// Adds --text, --input-ids and --no-bos to `verb`. `flags` must outlive the
/// parse.
void addEvalTextFlags(CLI::App &verb, EvalTextFlags &flags);

/// Errors: InvalidArgument if neither is given.
Status checkEvalText(const EvalTextFlags &flags);

/// Tokens to evaluate.
struct EvalText {
  std::string source;       // as people know it
  std::vector<int32_t> ids; // at least 2, each below the vocabulary
  bool bos = false;         // whether the first was put before the text
  std::optional<Tokenizer> tokenizer; // if the ids were made of text

  /// How many bytes of text `count` tokens spell, from token `first` on; none
  /// without a tokenizer.
  std::optional<uint64_t> bytes(uint64_t first, uint64_t count) const;
};

/// Reads what checked flags name, for `plan`. Errors: InvalidArgument for less
/// than 2 tokens and for what is no UTF-8 or no token of the model; BadInput
/// for a file that cannot be read; Incompatible if `plan` has no tokenizer.
Result<EvalText> readEvalText(const EvalTextFlags &flags, const PlanFile &plan);

} // namespace sluice
