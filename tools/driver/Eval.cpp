#include "tools/driver/InputFiles.h"
#include "tools/driver/Verbs.h"

#include "tools/driver/ContextFlags.h"
#include "tools/driver/EvalText.h"
#include "tools/driver/EvalWindows.h"
#include "tools/driver/Host.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Npy.h"
#include "tools/driver/Numbers.h"
#include "tools/driver/Progress.h"
#include "tools/driver/Report.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/TokenLoss.h"

#include "tools/driver/Session.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <optional>

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t usualWindow = 512;
constexpr uint64_t mostSlots = 1u << 16; // that a context takes

struct Options {
  ContextFlags context;
  EvalTextFlags text;
  uint32_t window = 0, stride = 0; // 0: not given
  uint64_t maxWindows = std::numeric_limits<uint64_t>::max();
  uint32_t chunk = 512;
  std::string losses; // path; empty: not wanted
  bool json = false;
};

/// A text in windows, several of them in a step.
///
/// The tokens of all windows, one window after the other, are cut into steps of
/// `chunk` rows: a step may end one window, hold some and begin another. Window
/// i is kept in slot i mod slots, of which there are enough for those of a step
/// to differ.
class Evaluating {
public:
  explicit Evaluating(const Options &options) : options(options) {}

  Result<Report> run();

private:
  Status chooseWindows();
  Result<ContextOptions> plannedContext() const;
  Status evaluate();
  Status gather();
  Status gatherFrom(EvalWindow window, uint64_t rows);
  Status score();
  Report report() const;

  const Options &options;
  std::shared_ptr<const Model> model;
  EvalText text;
  uint32_t window = 0, stride = 0;
  std::optional<EvalWindows> windows;
  std::unique_ptr<Context> context;
  std::optional<TokenLosses> computer;
  std::optional<NpyWriter> file;

  uint64_t next = 0;   // window that is to go on,
  uint64_t offset = 0; // from this token of it
  // The rows of a step.
  std::vector<int32_t> ids, positions, slots, bounds, wanted;
  std::vector<int32_t> targets; // what stands behind each wanted row
  std::vector<double> losses;   // of targets

  uint64_t evaluated = 0, scored = 0; // tokens
  double sum = 0;                     // of all losses, nats
  double seconds = 0;
};

Result<Report> Evaluating::run() {
  SLUICE_TRY(checkEvalText(options.text));
  SLUICE_ASSIGN(model,
                Model::open(options.context.plan, options.context.model));
  SLUICE_ASSIGN(text, readEvalText(options.text, model->file()));
  SLUICE_TRY(chooseWindows());
  SLUICE_ASSIGN(ContextOptions planned, plannedContext());
  if (!options.losses.empty()) {
    InputFiles inputs(options.context.plan, *model);
    inputs.addText(options.text.file);
    inputs.addIds(options.text.ids);
    SLUICE_TRY(inputs.check("--losses", options.losses));
    SLUICE_ASSIGN(
        file, NpyWriter::create(options.losses, "<f8", {windows->scored()}));
  }
  SLUICE_ASSIGN(context, openContext(model, planned));
  SLUICE_ASSIGN(computer, TokenLosses::create(context->options().threads));
  SLUICE_TRY(evaluate());
  if (file)
    SLUICE_TRY(file->commit());
  return report();
}

Status Evaluating::chooseWindows() {
  uint64_t most = options.context.context ? options.context.context
                                          : model->plan().model.maxContext;
  window = options.window ? options.window
                          : uint32_t(std::min<uint64_t>(usualWindow, most));
  if (window > most)
    return invalidArgument(fmt::format(
        "--window {} needs a context of {} tokens, this one takes {}", window,
        window, most));
  stride = options.stride ? options.stride : window;
  if (stride > window)
    return invalidArgument(
        fmt::format("--stride {} is more than the {} tokens of a window, so "
                    "tokens between two windows would not count; give a stride "
                    "of 1 to {}, or a larger --window",
                    stride, window, window));
  windows.emplace(text.ids.size(), window, stride, options.maxWindows);
  return {};
}

Result<ContextOptions> Evaluating::plannedContext() const {
  ContextOptions planned = contextOptions(options.context);
  uint64_t longest = windows->at(0).tokens; // no window has more
  planned.maxContext = uint32_t(longest);
  planned.maxRows =
      uint32_t(std::min<uint64_t>(options.chunk, windows->evaluated()));
  // Of the windows in a step, all but the first and the last have `longest`.
  planned.slots = uint32_t(
      std::min({planned.maxRows / longest + 2, windows->count(), mostSlots}));
  return planned.resolved(model->plan());
}

Status Evaluating::evaluate() {
  Progress progress("eval", windows->evaluated(), "tokens");
  Clock::time_point begin = Clock::now();
  while (next < windows->count()) {
    if (interrupted())
      return {StatusCode::Failed, "interrupted"};
    SLUICE_TRY(gather());
    SLUICE_TRY(context->step({.ids = ids,
                              .pos = positions,
                              .slot = slots,
                              .rows = bounds,
                              .logitRows = wanted}));
    SLUICE_TRY(score());
    evaluated += ids.size();
    progress.at(evaluated);
  }
  seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return {};
}

/// The rows of the next step.
Status Evaluating::gather() {
  for (std::vector<int32_t> *rows :
       {&ids, &positions, &slots, &bounds, &wanted, &targets})
    rows->clear();
  const ContextOptions &limits = context->options();
  bounds.push_back(0);
  while (ids.size() < limits.maxRows && next < windows->count() &&
         bounds.size() <= limits.maxSequences) {
    EvalWindow at = windows->at(next);
    SLUICE_TRY(gatherFrom(at, std::min<uint64_t>(at.tokens - offset,
                                                 limits.maxRows - ids.size())));
    if (offset == at.tokens) {
      ++next;
      offset = 0;
    }
  }
  return {};
}

/// Adds the next `rows` tokens of the window that is to go on.
Status Evaluating::gatherFrom(EvalWindow at, uint64_t rows) {
  auto slot = uint32_t(next % context->options().slots);
  if (offset == 0)
    SLUICE_TRY(context->reset(slot));
  for (uint64_t end = offset + rows; offset < end; ++offset) {
    if (offset >= at.tokens - at.scored) {
      wanted.push_back(int32_t(ids.size()));
      targets.push_back(text.ids[at.begin + offset + 1]);
    }
    ids.push_back(text.ids[at.begin + offset]);
    positions.push_back(int32_t(offset));
    slots.push_back(int32_t(slot));
  }
  bounds.push_back(int32_t(ids.size()));
  return {};
}

/// Adds the losses of the last step.
Status Evaluating::score() {
  if (wanted.empty())
    return {};
  SLUICE_ASSIGN(std::span<const float> logits, context->logits());
  losses.resize(targets.size());
  // Token 0 is not predicted.
  SLUICE_TRY(computer->compute(logits, targets, scored + 1, losses));
  for (double loss : losses)
    sum += loss;
  scored += losses.size();
  return file ? file->write(losses.data(), losses.size() * sizeof(double))
              : Status();
}

/// Six digits behind the point for people.
Cell precise(double value) {
  Cell cell = Cell::real(value);
  cell.text = fmt::format("{:.6f}", value);
  return cell;
}

Report Evaluating::report() const {
  const ContextOptions &made = context->options();
  Report out;
  out.add("setup", Facts{{"plan", options.context.plan},
                         {"model", model->checkpoint().directory()},
                         {"target", context->target()},
                         {"processor", processorName()},
                         {"threads", made.threads},
                         {"text", text.source},
                         {"bos", text.bos},
                         {"window", window},
                         {"stride", stride},
                         {"chunk", made.maxRows}});
  double loss = sum / double(scored);
  std::optional<uint64_t> bytes = text.bytes(1, scored);
  out.add("results",
          Facts{{"tokens", text.ids.size()},
                {"windows", windows->count()},
                {"evaluated", evaluated},
                {"scored", scored},
                {"loss", precise(loss)},
                {"perplexity", precise(std::exp(loss))},
                {"bits_per_byte",
                 bytes && *bytes > 0
                     ? precise(sum / std::numbers::ln2 / double(*bytes))
                     : Cell::none()},
                {"seconds", Cell::real(seconds)},
                {"tokens_per_second",
                 Cell::real(double(evaluated) / std::max(seconds, 1e-9))}});
  return out;
}

constexpr const char *notes =
    R"(Which positions count: the tokens of the text, with the one that begins a text
(BOS) put once before them all (--no-bos: not), are numbered from 0. Window i
begins at token i * STRIDE with an empty context and evaluates WINDOW tokens, the
last window those that are left; each evaluated token predicts the one behind it.
The first window scores all its predictions, each other one the last STRIDE
(the last window: those not scored before). So every token but token 0 is scored
exactly once, after at least WINDOW - STRIDE + 1 tokens, or all there are before
it. With --max-windows the tokens behind the last window are not scored.

"loss" is the mean of -log p(token) of the scored tokens in nats, by a softmax in
double; "perplexity" is exp(loss); "bits_per_byte" are all losses in bits over the
bytes of the scored tokens. "tokens_per_second" counts evaluated tokens, of which
there are more than scored ones where STRIDE is less than WINDOW.

With --json one object is printed: "setup" and "results", objects with the names
of the text output as keys; a number that is not finite is null.

Examples:
  sluice eval tiny.plan --text validation.txt
  sluice eval tiny.plan --text validation.txt --window 1024 --stride 256
  sluice eval tiny.plan --text - --max-windows 48 --json < validation.txt
  sluice eval tiny.plan --input-ids @ids.npy --losses losses.npy)";

void addEvalFlags(CLI::App &verb, Options &options) {
  auto number = [&](const char *name, auto &value, const char *help,
                    const char *environment, uint64_t most) {
    verb.add_option(name, value, help)
        ->type_name("N")
        ->check(wholeNumber(1, most))
        ->envname(environment);
  };
  number("--window", options.window,
         "tokens that a window evaluates (512 unless given, or the most that "
         "the context takes)",
         "SLUICE_WINDOW", INT32_MAX);
  number("--stride", options.stride,
         "tokens from the beginning of a window to that of the next, at most "
         "a window (a window unless given)",
         "SLUICE_STRIDE", INT32_MAX);
  number("--max-windows", options.maxWindows,
         "stop after that many windows (all unless given)",
         "SLUICE_MAX_WINDOWS", UINT64_MAX);
  number("--chunk", options.chunk,
         "tokens of one step at most, of one window or of several (512 unless "
         "given)",
         "SLUICE_CHUNK", 1 << 20);
  verb.add_option("--losses", options.losses,
                  "write the loss of every scored token: float64, [scored], "
                  "entry i of token i + 1")
      ->type_name("FILE.npy");
}

} // namespace

void addEval(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb =
      app.add_subcommand("eval", "Measure the perplexity of a text");
  verb->footer(notes);
  addPlanFlags(*verb, options->context);
  addModelFlags(*verb, options->context);
  addEvalTextFlags(*verb, options->text);
  addEvalFlags(*verb, *options);
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback([options, &action] {
    action = [options]() -> Status {
      watchInterrupts();
      Result<Report> report = Evaluating(*options).run();
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
