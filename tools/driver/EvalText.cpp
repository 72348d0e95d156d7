#include "tools/driver/EvalText.h"

#include "tools/driver/IdList.h"
#include "tools/driver/InputText.h"
#include "tools/driver/PlanTokenizer.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace sluice {
namespace {

constexpr const char *tooShort =
    "expected at least 2 tokens, as only what stands behind a token is "
    "predicted, found ";

Result<EvalText> readIds(const std::string &list, uint32_t vocabulary) {
  EvalText text;
  text.source = "--input-ids";
  Result<std::vector<int32_t>> ids = parseIdList(list);
  if (!ids.ok())
    return ids.status().in(text.source);
  text.ids = *std::move(ids);
  for (size_t i = 0; i < text.ids.size(); ++i)
    if (uint32_t(text.ids[i]) >= vocabulary)
      return invalidArgument(
          fmt::format("token {} of --input-ids is {}, the model has tokens 0 "
                      "to {}",
                      i, text.ids[i], vocabulary - 1));
  if (text.ids.size() < 2)
    return invalidArgument(
        fmt::format("--input-ids: {}{}", tooShort, text.ids.size()));
  return text;
}

Result<EvalText> readFile(const EvalTextFlags &flags, const PlanFile &plan) {
  EvalText text;
  SLUICE_ASSIGN(text.tokenizer, openTokenizer(plan));
  SLUICE_ASSIGN(std::string written, readInputText(flags.file));
  text.source = flags.file == "-" ? "standard input" : flags.file;
  if (written.empty())
    return invalidArgument(text.source +
                           " is empty: there is nothing to predict");
  const PlanView::ModelInfo &model = plan.plan().model;
  text.bos = !flags.noBos && model.bos >= 0;
  Result<std::vector<int32_t>> ids =
      text.tokenizer->encode(written, {.bos = text.bos ? model.bos : -1});
  if (!ids.ok())
    return ids.status().in(text.source);
  text.ids = *std::move(ids);
  for (int32_t id : text.ids)
    if (uint32_t(id) >= model.vocabulary)
      return incompatible(fmt::format(
          "{}: the plan's tokenizer makes token {} of it, the model has tokens "
          "0 to {}",
          text.source, id, model.vocabulary - 1));
  if (text.ids.size() < 2)
    return invalidArgument(
        fmt::format("{}: {}{}{}", text.source, tooShort, text.ids.size(),
                    flags.noBos ? "; leave out --no-bos, or give more text"
                                : "; give more text"));
  return text;
}

} // namespace

void addEvalTextFlags(CLI::App &verb, EvalTextFlags &flags) {
  CLI::Option *file =
      verb.add_option("--text", flags.file,
                      "the file with the text, in UTF-8 (- for standard input)")
          ->type_name("FILE");
  verb.add_option("--input-ids", flags.ids,
                  "token ids in place of text: 5,7,9 or @ids.npy (int32 or "
                  "int64); nothing is put before them")
      ->type_name("IDS")
      ->excludes(file);
  verb.add_flag("--no-bos", flags.noBos,
                "do not put the token that begins a text before the text");
}

Status checkEvalText(const EvalTextFlags &flags) {
  if (flags.file.empty() && !flags.ids)
    return invalidArgument("expected a text: --text FILE, or --input-ids IDS");
  return {};
}

std::optional<uint64_t> EvalText::bytes(uint64_t first, uint64_t count) const {
  if (!tokenizer)
    return std::nullopt;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; ++i)
    sum += tokenizer->bytesOf(ids[first + i]).size();
  return sum;
}

Result<EvalText> readEvalText(const EvalTextFlags &flags,
                              const PlanFile &plan) {
  return flags.ids ? readIds(*flags.ids, plan.plan().model.vocabulary)
                   : readFile(flags, plan);
}

} // namespace sluice
