#include "tools/driver/Verbs.h"

#include "runtime/text/Philox.h"
#include "runtime/text/Sampler.h"
#include "tools/driver/ContextFlags.h"
#include "tools/driver/Host.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Numbers.h"
#include "tools/driver/Progress.h"
#include "tools/driver/Report.h"
#include "tools/driver/Session.h"
#include "tools/driver/StandardOutput.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  ContextFlags context;
  uint32_t prefill = 512, decode = 128, chunk = 512;
  uint32_t repetitions = 5, warmup = 1;
  bool json = false;
};

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// What one repetition took, in seconds.
struct Sample {
  double prefill = 0, firstToken = 0, decode = 0;
};

class Benching {
public:
  explicit Benching(const Options &options) : options(options) {}

  Result<Report> run();

private:
  Result<ContextOptions> plannedContext() const;
  void choosePrompt();
  Result<Sample> once();
  Status prefill();
  Status decode();
  Report report();

  const Options &options;
  std::shared_ptr<const Model> model;
  std::optional<Session> session;
  std::optional<Sampler> sampler;
  std::vector<int32_t> prompt;
  double openTime = 0; // seconds until a context stands ready
  std::vector<Sample> samples;
};

Result<Report> Benching::run() {
  if (options.prefill == 0 && options.decode == 0)
    return invalidArgument("--prefill and --decode are both 0: there is "
                           "nothing to measure");
  Clock::time_point begin = Clock::now();
  SLUICE_ASSIGN(model,
                Model::open(options.context.plan, options.context.model));
  choosePrompt();
  SLUICE_ASSIGN(ContextOptions context, plannedContext());
  SLUICE_ASSIGN(session, Session::create(model, context));
  openTime = secondsSince(begin);
  sampler.emplace(model->plan().model.vocabulary);
  uint32_t all = options.warmup + options.repetitions;
  Progress progress("bench", all, "repetitions");
  for (uint32_t i = 0; i < all; ++i) {
    SLUICE_ASSIGN(Sample sample, once());
    if (i >= options.warmup)
      samples.push_back(sample);
    progress.at(i + 1);
  }
  return report();
}

/// Tokens from all over the vocabulary, always the same: what they are decides
/// which experts are read.
void Benching::choosePrompt() {
  // Without a prefill, decoding still needs a first token.
  for (uint32_t i = 0; i < std::max(options.prefill, 1u); ++i)
    prompt.push_back(int32_t(philox({i, 0, 0, 0}, {0, 0})[0] %
                             model->plan().model.vocabulary));
}

Result<ContextOptions> Benching::plannedContext() const {
  ContextOptions context = contextOptions(options.context);
  uint64_t tokens = prompt.size() + options.decode;
  uint64_t most =
      context.maxContext ? context.maxContext : model->plan().model.maxContext;
  if (tokens > most)
    return invalidArgument(fmt::format(
        "--prefill {} and --decode {} need a context of {} tokens, this one "
        "takes {}",
        options.prefill, options.decode, tokens, most));
  if (context.maxContext == 0)
    context.maxContext = uint32_t(tokens);
  context.maxRows = uint32_t(std::min<size_t>(options.chunk, prompt.size()));
  return context.resolved(model->plan());
}

Result<Sample> Benching::once() {
  SLUICE_TRY(session->reset());
  Sample sample;
  Clock::time_point begin = Clock::now();
  SLUICE_TRY(prefill());
  sample.prefill = secondsSince(begin);
  SLUICE_ASSIGN(std::span<const float> logits, session->logits());
  greedyToken(logits);
  sample.firstToken = secondsSince(begin);
  begin = Clock::now();
  SLUICE_TRY(decode());
  sample.decode = secondsSince(begin);
  return sample;
}

Status Benching::prefill() {
  std::span<const int32_t> rest = prompt;
  while (!rest.empty()) {
    if (interrupted())
      return {StatusCode::Failed, "interrupted"};
    auto chunk = rest.first(std::min<size_t>(rest.size(), options.chunk));
    rest = rest.subspan(chunk.size());
    SLUICE_TRY(session->step(chunk, rest.empty() ? Session::Logits::Last
                                                 : Session::Logits::None));
  }
  return {};
}

/// Steps of one token each, as a run without a seed does them.
Status Benching::decode() {
  for (uint32_t i = 0; i < options.decode; ++i) {
    if (interrupted())
      return {StatusCode::Failed, "interrupted"};
    SLUICE_ASSIGN(std::span<const float> logits, session->logits());
    SLUICE_ASSIGN(int32_t id,
                  sampler->sample(logits, {.temperature = 0},
                                  /*sequence=*/0, session->length()));
    SLUICE_TRY(session->step({&id, 1}, Session::Logits::Last));
  }
  return {};
}

/// A row: the least, the middle and the largest of what `value` makes of the
/// samples.
template <typename F>
std::vector<Cell> statistics(const char *what, uint64_t tokens,
                             const char *unit,
                             const std::vector<Sample> &samples, F value) {
  std::vector<double> values;
  std::vector<Cell> all;
  for (const Sample &sample : samples) {
    values.push_back(value(sample));
    all.push_back(Cell::real(values.back()));
  }
  std::sort(values.begin(), values.end());
  size_t half = values.size() / 2;
  double median = values.size() % 2 == 1
                      ? values[half]
                      : (values[half - 1] + values[half]) / 2;
  return {what,
          tokens,
          unit,
          Cell::real(values.front()),
          Cell::real(median),
          Cell::real(values.back()),
          Cell::list(all)};
}

Report Benching::report() {
  const ContextOptions &context = session->parts().options();
  Report out;
  out.add("setup", Facts{{"plan", options.context.plan},
                         {"model", model->checkpoint().directory()},
                         {"target", session->parts().target()},
                         {"processor", processorName()},
                         {"threads", context.threads},
                         {"ctx", context.maxContext},
                         {"chunk", context.maxRows},
                         {"repetitions", options.repetitions},
                         {"warmup", options.warmup},
                         {"open_ms", Cell::real(1e3 * openTime)}});
  Table table{{"what", "tokens", "unit", "min", "median", "max", "samples"},
              {}};
  // A clock may not have moved in a step that is short.
  auto rate = [](uint32_t tokens, double seconds) {
    return tokens / std::max(seconds, 1e-9);
  };
  if (options.prefill > 0) {
    table.rows.push_back(statistics(
        "prefill", options.prefill, "tokens/s", samples,
        [&](const Sample &s) { return rate(options.prefill, s.prefill); }));
    table.rows.push_back(
        statistics("first_token", options.prefill, "ms", samples,
                   [](const Sample &s) { return 1e3 * s.firstToken; }));
  }
  if (options.decode > 0)
    table.rows.push_back(statistics(
        "decode", options.decode, "tokens/s", samples,
        [&](const Sample &s) { return rate(options.decode, s.decode); }));
  out.add("results", std::move(table));
  return out;
}

constexpr const char *notes =
    R"(One sequence. A repetition evaluates --prefill tokens (the same from all over
the vocabulary), then decodes --decode tokens, each step one token, greedily.
"first_token" is the time from the first token of the prompt to the first new
one; "open_ms" was spent before that, once, on opening plan and model.

With --json one object is printed: "setup" (an object) and "results", a list of
objects with the keys of the headings; "samples" has one number a repetition.

Examples:
  sluice bench tiny.plan
  sluice bench tiny.plan --prefill 2048 --decode 0 --threads 1
  sluice bench tiny.plan --json | jq '.results[] | {what, median}')";

void addBenchFlags(CLI::App &verb, Options &options) {
  auto number = [&](const char *name, uint32_t &value, const char *help,
                    const char *environment, uint64_t least, uint64_t most) {
    verb.add_option(name, value, help)
        ->type_name("N")
        ->check(wholeNumber(least, most))
        ->envname(environment);
  };
  number("--prefill", options.prefill,
         "tokens of the prompt (512 unless given; 0: none)", "SLUICE_PREFILL",
         0, INT32_MAX);
  number("--decode", options.decode,
         "tokens after it (128 unless given; 0: none)", "SLUICE_DECODE", 0,
         INT32_MAX);
  number("--chunk", options.chunk,
         "tokens of the prompt in one step at most (512 unless given)",
         "SLUICE_CHUNK", 1, 1 << 20);
  number("--repetitions", options.repetitions, "measurements (5 unless given)",
         "SLUICE_REPETITIONS", 1, 1 << 20);
  number("--warmup", options.warmup,
         "repetitions before them that do not count (1 unless given)",
         "SLUICE_WARMUP", 0, 1 << 20);
}

} // namespace

void addBench(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb =
      app.add_subcommand("bench", "Measure prefill and decode speed");
  verb->footer(notes);
  addPlanFlags(*verb, options->context);
  addModelFlags(*verb, options->context);
  addBenchFlags(*verb, *options);
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &action] {
    action = [options]() -> Status {
      watchInterrupts();
      Result<Report> report = Benching(*options).run();
      if (interrupted())
        endInterrupted();
      if (!report.ok())
        return report.status();
      return writeStandardOutput(options->json ? report->json()
                                               : report->text());
    };
  });
}

} // namespace sluice
