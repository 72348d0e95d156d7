#include "tools/driver/Verbs.h"

#include "runtime/base/Quote.h"
#include "runtime/text/Sampler.h"
#include "runtime/text/TextDecoder.h"
#include "tools/driver/ContextFlags.h"
#include "tools/driver/IdList.h"
#include "tools/driver/InputFiles.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Numbers.h"
#include "tools/driver/PlanTokenizer.h"
#include "tools/driver/Progress.h"
#include "tools/driver/Prompt.h"
#include "tools/driver/SameFile.h"
#include "tools/driver/Session.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/TokenFile.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
  ContextFlags context;
  PromptFlags prompt;
  uint32_t maxTokens = 128;
  uint32_t chunk = 512;
  Sampling sampling;
  std::string logits;               // path; empty: not wanted
  std::vector<std::string> outputs; // NAME=FILE
  bool ignoreEos = false, outputIds = false, quiet = false;
};

Status wasInterrupted() { return {StatusCode::Failed, "interrupted"}; }

/// One run: a prompt, then what the model makes of it.
class Running {
public:
  explicit Running(const Options &options)
      : options(options), started(Clock::now()) {}

  Status run();

private:
  Status openFiles(const ContextOptions &context);
  Result<ContextOptions> plannedContext(const PlanView &plan) const;
  Status prefill();
  Status decode();
  Status emit(int32_t id);
  Status finish();
  void report() const;

  const Options &options;
  Clock::time_point started;
  std::shared_ptr<const Model> model;
  std::optional<Tokenizer> tokenizer;
  std::optional<TextDecoder> decoder;
  std::optional<Session> session;
  std::vector<TokenFile> files;
  bool allLogits = false;
  std::vector<int32_t> prompt, generated;
  bool full = false; // the context, before maxTokens
  Seconds prefillTime{}, firstToken{}, decodeTime{};
  uint64_t decodeSteps = 0;
};

Status Running::run() {
  SLUICE_TRY(checkSampling(options.sampling));
  SLUICE_ASSIGN(model,
                Model::open(options.context.plan, options.context.model));
  bool printsText = options.maxTokens > 0 && !options.outputIds;
  if (!options.prompt.ids || printsText) {
    SLUICE_ASSIGN(tokenizer, openTokenizer(model->file()));
    decoder.emplace(*tokenizer);
  }
  SLUICE_ASSIGN(prompt, readPrompt(options.prompt, model->plan(),
                                   tokenizer ? &*tokenizer : nullptr));
  SLUICE_ASSIGN(ContextOptions context, plannedContext(model->plan()));
  SLUICE_TRY(openFiles(context));
  SLUICE_ASSIGN(session, Session::create(model, context));
  SLUICE_TRY(prefill());
  for (TokenFile &file : files)
    SLUICE_TRY(file.commit());
  SLUICE_TRY(decode());
  SLUICE_TRY(finish());
  report();
  return {};
}

/// The smallest context that takes the prompt and what may follow it.
Result<ContextOptions> Running::plannedContext(const PlanView &plan) const {
  ContextOptions context = contextOptions(options.context);
  uint64_t most =
      context.maxContext ? context.maxContext : plan.model.maxContext;
  if (prompt.size() > most)
    return invalidArgument(fmt::format(
        "the prompt has {} tokens, the context takes {}; shorten the prompt{}",
        prompt.size(), most,
        most < plan.model.maxContext
            ? fmt::format(" or raise --ctx, up to {}", plan.model.maxContext)
            : ""));
  if (context.maxContext == 0)
    context.maxContext =
        uint32_t(std::min(prompt.size() + options.maxTokens, most));
  context.maxRows = uint32_t(std::min<size_t>(options.chunk, prompt.size()));
  SLUICE_ASSIGN(context, context.resolved(plan));
  return context;
}

Status Running::openFiles(const ContextOptions &context) {
  InputFiles inputs(options.context.plan, *model);
  inputs.addText(options.prompt.file.value_or(""));
  inputs.addIds(options.prompt.ids);
  std::vector<std::string> taken;
  auto add = [&](std::string_view name, const std::string &path) -> Status {
    std::string what = "the output " + inQuotes(name);
    SLUICE_TRY(inputs.check(what, path));
    for (const std::string &other : taken)
      if (isSameFile(path, other))
        return invalidArgument(
            fmt::format("{} would go to {}, which is another output's file; "
                        "choose another file",
                        what, inQuotes(path)));
    taken.push_back(path);
    SLUICE_ASSIGN(TokenFile file, TokenFile::create(model->plan(), context,
                                                    name, path, prompt.size()));
    files.push_back(std::move(file));
    allLogits = allLogits || name == "logits";
    return {};
  };
  if (!options.logits.empty())
    SLUICE_TRY(add("logits", options.logits));
  for (const std::string &output : options.outputs) {
    size_t equals = output.find('=');
    if (equals == 0 || equals == std::string::npos ||
        equals + 1 == output.size())
      return invalidArgument(fmt::format(
          "--output: expected NAME=FILE.npy, found \"{}\"", output));
    SLUICE_TRY(add(output.substr(0, equals), output.substr(equals + 1)));
  }
  return {};
}

Status Running::prefill() {
  Clock::time_point begin = Clock::now();
  Progress progress("prefill", prompt.size(), "tokens");
  std::span<const int32_t> rest = prompt;
  while (!rest.empty()) {
    if (interrupted())
      return wasInterrupted();
    auto chunk = rest.first(std::min<size_t>(rest.size(), options.chunk));
    rest = rest.subspan(chunk.size());
    SLUICE_TRY(session->step(chunk, allLogits      ? Session::Logits::All
                                    : rest.empty() ? Session::Logits::Last
                                                   : Session::Logits::None));
    for (TokenFile &file : files)
      SLUICE_TRY(file.append(session->parts(), chunk.size()));
    progress.at(prompt.size() - rest.size());
  }
  prefillTime = Clock::now() - begin;
  return {};
}

Status Running::decode() {
  Sampler sampler(model->plan().model.vocabulary);
  Clock::time_point begin;
  while (generated.size() < options.maxTokens) {
    if (interrupted())
      return wasInterrupted();
    SLUICE_ASSIGN(std::span<const float> logits, session->logits());
    logits = logits.last(model->plan().model.vocabulary);
    SLUICE_ASSIGN(int32_t id,
                  sampler.sample(logits, options.sampling,
                                 /*sequence=*/0, session->length()));
    generated.push_back(id);
    SLUICE_TRY(emit(id));
    if (generated.size() == 1) {
      begin = Clock::now();
      firstToken = begin - started;
    }
    decodeTime = Clock::now() - begin;
    bool ended = id == model->plan().model.eos && !options.ignoreEos;
    if (ended || generated.size() == options.maxTokens)
      break;
    full = session->length() == session->longest();
    if (full)
      break;
    SLUICE_TRY(session->step({&id, 1}, Session::Logits::Last));
    ++decodeSteps;
  }
  return {};
}

Status Running::emit(int32_t id) {
  std::string text;
  if (options.outputIds)
    text = (generated.size() > 1 ? "," : "") + fmt::to_string(id);
  else if (id != model->plan().model.eos)
    decoder->add(id, text);
  return writeStandardOutput(text);
}

Status Running::finish() {
  std::string text;
  if (decoder)
    decoder->finish(text);
  if (options.outputIds || (!generated.empty() && isatty(STDOUT_FILENO) == 1))
    text += '\n';
  return writeStandardOutput(text);
}

void Running::report() const {
  if (options.quiet)
    return;
  auto rate = [](uint64_t tokens, Seconds time) {
    return fmt::format("{} token{} in {:.1f} ms ({:.1f} tokens/s)", tokens,
                       tokens == 1 ? "" : "s", 1e3 * time.count(),
                       double(tokens) / std::max(time.count(), 1e-9));
  };
  std::string line = "prefill " + rate(prompt.size(), prefillTime);
  if (!generated.empty())
    line +=
        fmt::format("; first token after {:.1f} ms", 1e3 * firstToken.count());
  if (decodeSteps > 0)
    line += "; decode " + rate(decodeSteps, decodeTime);
  fmt::print(stderr, "{}\n", line);
  if (full)
    fmt::print(stderr,
               "stopped because the context of {} tokens is full; --ctx gives "
               "more, up to {}\n",
               session->longest(), model->plan().model.maxContext);
}

constexpr const char *examples = R"(Examples:
  sluice run tiny.plan --prompt "ROMEO."
  sluice run tiny.plan --prompt-file scene.txt --temperature 0.8 --top-p 0.95 --seed 7
  echo "What light" | sluice run tiny.plan --max-tokens 20 > more.txt
  sluice run tiny.plan --input-ids 0,350,17 --max-tokens 0 --logits logits.npy
  sluice run tiny.plan --input-ids @ids.npy --chunk 7 --output hidden.3=hidden.npy)";

void addSamplingFlags(CLI::App &verb, Options &options, CLI::Option *&heat,
                      std::vector<CLI::Option *> &others) {
  Sampling &sampling = options.sampling;
  sampling.temperature = 0;
  heat = verb.add_option("--temperature", sampling.temperature,
                         "what logits are divided by; 0: always the likeliest "
                         "token. 0 unless given, 1 if one of the next three "
                         "is")
             ->type_name("X")
             ->check(realNumber())
             ->envname("SLUICE_TEMPERATURE");
  others = {verb.add_option("--top-p", sampling.topP,
                            "draw from the likeliest tokens that make this "
                            "share (1: all)")
                ->type_name("X")
                ->check(realNumber())
                ->envname("SLUICE_TOP_P"),
            verb.add_option("--top-k", sampling.topK,
                            "draw from that many likeliest tokens (0: all)")
                ->type_name("N")
                ->check(wholeNumber(0, UINT32_MAX))
                ->envname("SLUICE_TOP_K"),
            verb.add_option("--seed", sampling.seed,
                            "another seed, other draws (0 unless given)")
                ->type_name("N")
                ->check(wholeNumber(0, UINT64_MAX))
                ->envname("SLUICE_SEED")};
}

} // namespace

void addRun(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb =
      app.add_subcommand("run", "Write what the model makes of a prompt");
  verb->footer(examples);
  addPlanFlags(*verb, options->context);
  addModelFlags(*verb, options->context);
  addPromptFlags(*verb, options->prompt);
  verb->add_option("--max-tokens", options->maxTokens,
                   "stop after that many tokens (128 unless given; 0: only "
                   "evaluate the prompt)")
      ->type_name("N")
      ->check(wholeNumber(0, INT32_MAX))
      ->envname("SLUICE_MAX_TOKENS");
  verb->add_flag("--ignore-eos", options->ignoreEos,
                 "go on after the token that ends a text");
  CLI::Option *heat = nullptr;
  std::vector<CLI::Option *> drawing;
  addSamplingFlags(*verb, *options, heat, drawing);
  verb->add_option("--chunk", options->chunk,
                   "tokens of the prompt in one step at most (512 unless "
                   "given); changes no bit of the result")
      ->type_name("N")
      ->check(wholeNumber(1, 1 << 20))
      ->envname("SLUICE_CHUNK");
  verb->add_option("--logits", options->logits,
                   "write the logits of every token of the input: float32, "
                   "[tokens, vocabulary]")
      ->type_name("FILE.npy");
  verb->add_option("--output", options->outputs,
                   "write another output of the plan, such as hidden.3, of "
                   "every token of the input; may be repeated")
      ->type_name("NAME=FILE.npy")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->add_flag("--output-ids", options->outputIds,
                 "print the ids of the new tokens in place of text");
  verb->add_flag("-q,--quiet", options->quiet,
                 "do not say on standard error how fast it was");
  verb->callback([options, heat, drawing, &action] {
    bool draws = std::any_of(drawing.begin(), drawing.end(),
                             [](CLI::Option *o) { return o->count() > 0; });
    if (heat->count() == 0 && draws)
      options->sampling.temperature = 1;
    action = [options] {
      watchInterrupts();
      Status status = Running(*options).run();
      if (interrupted())
        endInterrupted();
      return status;
    };
  });
}

} // namespace sluice
