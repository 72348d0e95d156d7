#include "tools/compiler/CommandLine.h"

#include "tools/compiler/Compiler.h"
#include "tools/driver/Suggest.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using mlir::sluice::CompileOptions;
using mlir::sluice::Stage;
using sluice::Status;
using sluice::StatusCode;

// LLVM's own option parser is not used: it would take a thousand options of
// LLVM's, one of which is a --stop-after of another meaning.

static constexpr const char *overview =
    R"(Compiles a DeepSeek-V4 model to a plan that sluice runs. The weights are neither
copied nor converted: the plan works with the checkpoint as it is. X.plan.model,
beside X.plan, says where the model was.
)";

static constexpr const char *examples =
    R"(Examples:
  sluice-compile models/V4-Flash -o flash.plan
  sluice-compile models/V4-Flash -o flash.plan --target=x86-64-v3
  sluice-compile models/V4-Flash --stop-after=frontend | less
  sluice-compile models/V4-Flash -o flash.plan --dump-ir=stages --keep=hidden

Exit codes: 0 done, 2 wrong usage, 3 a file of the model is damaged or not what
it should be, 4 the targets cannot run the model, 5 out of memory, 8 the output
was not written.)";

static constexpr std::array<std::string_view, 6> stages = {
    "frontend", "flatten", "outline", "schedule", "lower", "codegen"};

/// One line of "sluice-compile: .." for each line of `message`.
static int fail(std::string_view message, StatusCode code) {
  while (!message.empty()) {
    size_t end = std::min(message.find('\n'), message.size());
    fmt::print(stderr, "sluice-compile: {}\n", message.substr(0, end));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return exitCode(code);
}

static int usage(std::string_view sentence) {
  return fail(fmt::format("{}\nrun \"sluice-compile --help\" for what is "
                          "possible",
                          sentence),
              StatusCode::InvalidArgument);
}

/// "unknown flag --targte; did you mean --target?"
static std::string unknownArgument(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  std::vector<std::string> rest = app.remaining();
  std::string text = rest.empty() ? "" : rest.front();
  if (!text.starts_with('-'))
    return fmt::format("expected one MODEL_DIR, found \"{}\" as well", text);
  text = text.substr(0, text.find('='));
  std::string near = sluice::nearestName(text, names);
  return fmt::format("unknown flag {}{}", text,
                     near.empty() ? "" : "; did you mean " + near + "?");
}

/// The words between commas.
static std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    size_t end = std::min(text.find(','), text.size());
    if (end != 0)
      words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

static void addOptions(CLI::App &app, CompileOptions &options,
                       std::string &targets, std::string &stopAfter) {
  app.get_formatter()->column_width(25);
  app.add_option("MODEL_DIR", options.model,
                 "a Hugging Face model: config.json and safetensors")
      ->type_name("");
  app.add_option("-o", options.output,
                 "the plan; with --stop-after the IR, on standard\n"
                 "output unless given")
      ->type_name("FILE");
  app.add_option("--target", targets,
                 "what to compile for: x86-64-v3, x86-64-v4; both\n"
                 "unless given")
      ->type_name("NAME,..")
      ->envname("SLUICE_TARGET");
  app.add_option("--keep", options.keep,
                 "values to make outputs; hidden: the streams after\n"
                 "every layer")
      ->type_name("NAME,..");
  app.add_option("--stop-after", stopAfter,
                 "write the IR after a stage instead:\n"
                 "  frontend  kinds of blocks, over names\n"
                 "  flatten   one flat step, names folded\n"
                 "  outline   kernels and their launches\n"
                 "  schedule  launches in order\n"
                 "  lower     the code of every kernel\n"
                 "  codegen   as lower, if machine code can be made")
      ->type_name("STAGE");
  app.add_option("--dump-ir", options.dumpIr,
                 "write one .mlir file for each stage into this folder")
      ->type_name("DIR");
  app.add_flag("--verify-each", options.verifyEach,
               "check the IR after every pass");
  app.add_option("-j,--threads", options.threads,
                 "threads to use; one for each core unless given")
      ->type_name("N")
      ->envname("SLUICE_THREADS");
  app.add_flag("--progress", options.progress,
               "say when a stage is done, also where standard error\n"
               "is no terminal");
}

static int run(int argc, char **argv) {
  CompileOptions options;
  std::string targets = "x86-64-v3,x86-64-v4", stopAfter;
  CLI::App app(overview, "sluice-compile");
  app.footer(examples);
  app.set_version_flag("--version", "sluice-compile " SLUICE_VERSION,
                       "print the version and exit");
  app.set_help_flag("-h,--help", "print this and exit");
  addOptions(app, options, targets, stopAfter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError &) {
    return usage(unknownArgument(app));
  } catch (const CLI::ParseError &error) {
    // Help and version are "errors" too, with exit code 0.
    return error.get_exit_code() == 0 ? app.exit(error) : usage(error.what());
  }

  options.targets = split(targets);
  options.progress = options.progress || isatty(STDERR_FILENO) == 1;
  if (!stopAfter.empty()) {
    const auto *stage = std::find(stages.begin(), stages.end(), stopAfter);
    if (stage == stages.end())
      return usage(fmt::format(
          "expected a stage frontend, flatten, outline, schedule, lower or "
          "codegen after --stop-after, found \"{}\"",
          stopAfter));
    options.stopAfter = static_cast<Stage>(stage - stages.begin());
    if (options.output.empty())
      options.output = "-";
  }
  Status status = compile(options);
  return status.ok() ? 0 : fail(status.message(), status.code());
}

int mlir::sluice::compileMain(int argc, char **argv) try {
  // A reader that goes away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN); // so is a file beyond "ulimit -f"
  return run(argc, argv);
} catch (const std::bad_alloc &) {
  return fail("out of memory", StatusCode::OutOfMemory);
} catch (const std::exception &error) {
  return fail(error.what(), StatusCode::Failed);
}
