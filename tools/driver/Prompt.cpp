#include "tools/driver/Prompt.h"

#include "tools/driver/IdList.h"
#include "tools/driver/InputText.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace sluice {

void addPromptFlags(CLI::App &verb, PromptFlags &flags) {
  CLI::Option *text =
      verb.add_option("--prompt", flags.text,
                      "the text to go on with; without any prompt flag it is "
                      "read from standard input")
          ->type_name("TEXT");
  CLI::Option *file =
      verb.add_option("--prompt-file", flags.file,
                      "the file with that text (- for standard input)")
          ->type_name("FILE")
          ->excludes(text);
  verb.add_option("--input-ids", flags.ids,
                  "token ids in place of text: 5,7,9 or @ids.npy (int32 or "
                  "int64); nothing is put before them")
      ->type_name("IDS")
      ->excludes(text)
      ->excludes(file);
  verb.add_flag("--no-bos", flags.noBos,
                "do not put the token that begins a text before the prompt");
}

static Result<std::vector<int32_t>>
encode(const PromptFlags &flags, int32_t bos, const Tokenizer &tokenizer) {
  std::string text, source = "the prompt";
  if (flags.text) {
    text = *flags.text;
  } else {
    source = flags.file.value_or("-");
    if (source == "-" && isatty(STDIN_FILENO) == 1)
      fmt::print(stderr, "sluice run: reading the prompt from the terminal; "
                         "Ctrl-D on an empty line ends it\n");
    SLUICE_ASSIGN(text, readInputText(source));
    if (source == "-")
      source = "standard input";
  }
  Result<std::vector<int32_t>> ids =
      tokenizer.encode(text, {.bos = flags.noBos ? -1 : bos});
  if (!ids.ok())
    return ids.status().in(source);
  if (ids->empty())
    return invalidArgument(
        flags.noBos ? "the prompt is empty, and with --no-bos nothing stands "
                      "before it; give text or leave out --no-bos"
                    : "the prompt is empty, and the model has no token that "
                      "begins a text; give text");
  return ids;
}

Result<std::vector<int32_t>> readPrompt(const PromptFlags &flags,
                                        const PlanView &plan,
                                        const Tokenizer *tokenizer) {
  uint32_t vocabulary = plan.model.vocabulary;
  std::vector<int32_t> ids;
  if (flags.ids) {
    Result<std::vector<int32_t>> given = parseIdList(*flags.ids);
    if (!given.ok())
      return given.status().in("--input-ids");
    ids = *std::move(given);
    if (ids.empty())
      return invalidArgument("--input-ids: expected at least one token id");
  } else {
    SLUICE_ASSIGN(ids, encode(flags, plan.model.bos, *tokenizer));
  }
  for (size_t i = 0; i < ids.size(); ++i)
    if (uint32_t(ids[i]) >= vocabulary)
      return invalidArgument(fmt::format(
          "token {} of the input is {}, the model has tokens 0 to {}", i,
          ids[i], vocabulary - 1));
  return ids;
}

} // namespace sluice
