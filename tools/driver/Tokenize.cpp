#include "tools/driver/Verbs.h"

#include "frontend/tokenizer/TokenizerBuilder.h"
#include "runtime/base/Json.h"
#include "tools/driver/IdList.h"
#include "tools/driver/InputText.h"
#include "tools/driver/JsonWriter.h"
#include "tools/driver/PlanTokenizer.h"
#include "tools/driver/StandardOutput.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <memory>

namespace sluice {
namespace {

struct Options {
  std::string source, input, file;
  bool hasInput = false;
  bool decode = false, batch = false, json = false;
  bool bos = false, plain = false, keepSpecial = false;
};

/// One command at work: a tokenizer and what to do with it.
class Tokenizing {
public:
  Tokenizing(const Options &options, Tokenizer tokenizer, int32_t bos)
      : options(options), tokenizer(std::move(tokenizer)), bos(bos) {}

  Status one(const std::string &input) {
    if (options.decode) {
      SLUICE_ASSIGN(std::vector<int32_t> ids, parseIdList(input));
      SLUICE_ASSIGN(std::string text, textOf(ids));
      if (options.json)
        text = JsonWriter().value(text).text();
      return writeStandardOutput(text + "\n");
    }
    SLUICE_ASSIGN(std::vector<int32_t> ids, idsOf(input));
    std::string list = printIdList(ids);
    return writeStandardOutput(options.json ? "[" + list + "]\n" : list + "\n");
  }

  /// `input` has one JSON value a line.
  Status lines(std::string_view input) {
    std::string out;
    for (size_t number = 1; !input.empty(); ++number) {
      size_t end = std::min(input.find('\n'), input.size());
      SLUICE_TRY(line(input.substr(0, end), number, out));
      input.remove_prefix(std::min(end + 1, input.size()));
      if (out.size() > 1 << 16 || input.empty()) {
        SLUICE_TRY(writeStandardOutput(out));
        out.clear();
      }
    }
    return {};
  }

private:
  Result<std::vector<int32_t>> idsOf(std::string_view text) const {
    return tokenizer.encode(text, {.bos = bos, .parseSpecial = !options.plain});
  }

  Result<std::string> textOf(const std::vector<int32_t> &ids) const {
    for (int32_t id : ids)
      if (!tokenizer.has(id))
        return invalidArgument(
            fmt::format("there is no token {}; the tokenizer has ids below {}",
                        id, tokenizer.size()));
    return tokenizer.decode(ids, !options.keepSpecial);
  }

  Status line(std::string_view text, size_t number, std::string &out) const {
    SLUICE_ASSIGN(JsonDocument document,
                  JsonDocument::parse(text, fmt::format("line {}", number),
                                      {.maxBytes = size_t(256) << 20}));
    if (options.decode) {
      SLUICE_ASSIGN(std::vector<Json> items, document.root().items());
      std::vector<int32_t> ids;
      for (const Json &item : items) {
        SLUICE_ASSIGN(int64_t id,
                      item.integer(0, std::numeric_limits<int32_t>::max()));
        ids.push_back(int32_t(id));
      }
      Result<std::string> decoded = textOf(ids);
      if (!decoded.ok())
        return decoded.status().in(fmt::format("line {}", number));
      out += JsonWriter().value(*decoded).text();
    } else {
      SLUICE_ASSIGN(std::string_view string, document.root().string());
      Result<std::vector<int32_t>> ids = idsOf(string);
      if (!ids.ok())
        return ids.status().in(fmt::format("line {}", number));
      out += "[" + printIdList(*ids) + "]";
    }
    out += '\n';
    return {};
  }

  const Options &options;
  Tokenizer tokenizer;
  int32_t bos;
};

/// Whether the file at `path` begins as a plan does.
bool looksLikePlan(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  return file.ok() && file->text().starts_with(container::magic);
}

Result<Tokenizer> openJson(const std::string &path) {
  SLUICE_ASSIGN(std::string json, readInputText(path));
  SLUICE_ASSIGN(std::string tables, buildTokenizerTables(json, path));
  return Tokenizer::open(std::as_bytes(std::span(tables)));
}

Status tokenize(const Options &options) {
  std::string source = options.source;
  if (std::error_code ignored; std::filesystem::is_directory(source, ignored))
    source += "/tokenizer.json";
  int32_t bos = -1;
  auto open = [&]() -> Result<Tokenizer> {
    if (!looksLikePlan(source)) {
      if (options.bos)
        return invalidArgument("--bos needs a plan, which knows the token; a "
                               "tokenizer.json does not say it");
      return openJson(source);
    }
    SLUICE_ASSIGN(PlanFile plan, PlanFile::open(source));
    if (options.bos && plan.plan().model.bos < 0)
      return incompatible(source + ": --bos: the model has no such token");
    if (options.bos)
      bos = plan.plan().model.bos;
    return openTokenizer(plan);
  };
  SLUICE_ASSIGN(Tokenizer tokenizer, open());
  std::string input = options.input;
  if (!options.hasInput) {
    SLUICE_ASSIGN(input,
                  readInputText(options.file.empty() ? "-" : options.file));
  }
  Tokenizing work(options, std::move(tokenizer), bos);
  return options.batch ? work.lines(input) : work.one(input);
}

constexpr const char *examples = R"(Examples:
  sluice tokenize tiny.plan "What light is this?"
  sluice tokenize model/tokenizer.json --file letter.txt --json
  sluice tokenize tiny.plan --decode 350,17,9
  sluice tokenize tiny.plan --batch < strings.jsonl > ids.jsonl
  sluice tokenize tiny.plan --batch --decode < ids.jsonl > strings.jsonl)";

} // namespace

void addTokenize(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand(
      "tokenize", "Turn text into token ids, or ids to text");
  verb->footer(examples);
  verb->add_option("SOURCE", options->source,
                   "a plan, a tokenizer.json, or the folder of one")
      ->required()
      ->type_name("");
  CLI::Option *input =
      verb->add_option("INPUT", options->input,
                       "the text, or with --decode the ids (5,7,9 or "
                       "@ids.npy); without it standard input is read")
          ->type_name("");
  CLI::Option *file =
      verb->add_option("--file", options->file, "read the input from this file")
          ->type_name("FILE")
          ->excludes(input);
  verb->add_flag("--decode", options->decode, "turn ids to text");
  verb->add_flag("--batch", options->batch,
                 "the input has one JSON string a line, the output one list "
                 "of ids a line; with --decode the other way round")
      ->excludes(input);
  verb->add_flag("--json", options->json, "print JSON");
  verb->add_flag("--bos", options->bos,
                 "put the token that begins a text before the ids");
  verb->add_flag("--plain", options->plain,
                 "text that spells a special token is text like any other");
  verb->add_flag("--keep-special", options->keepSpecial,
                 "with --decode: print special tokens too");
  (void)file;
  verb->callback([options, input, &action] {
    options->hasInput = input->count() > 0;
    action = [options] { return tokenize(*options); };
  });
}

} // namespace sluice
