#include "tools/driver/Driver.h"

#include "tools/driver/UsageError.h"
#include "tools/driver/Verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace sluice {
namespace {

constexpr int usageError = 2;

std::string commandName(const CLI::App &app, const CLI::App &verb) {
  return &app == &verb ? "sluice" : "sluice " + verb.get_name();
}

int fail(const std::string &command, std::string_view sentence, int code) {
  fmt::print(stderr, "{}: {}\n", command, sentence);
  return code;
}

int parseFailure(const CLI::App &app, const CLI::ParseError &error,
                 std::span<const char *const> arguments) {
  // Help and version are "errors" too, with exit code 0.
  if (error.get_exit_code() == 0)
    return app.exit(error);
  const CLI::App &verb = chosenVerb(app);
  if (asksForHelp(arguments))
    return app.exit(CLI::CallForHelp());
  return fail(commandName(app, verb),
              fmt::format("{}\nRun \"{} --help\" for what is possible.",
                          usageSentence(app, error, arguments),
                          commandName(app, verb)),
              usageError);
}

} // namespace

int sluiceMain(int argc, char **argv) try {
  // A reader that goes away, or a file that may not grow, is an error of
  // write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  if (argc > 1 && std::string_view(argv[1]) == "compile") {
    Status status = becomeCompiler(argc - 1, argv + 1);
    return fail("sluice compile", status.message(), exitCode(status.code()));
  }

  CLI::App app("Runs DeepSeek-V4-class models that were compiled to a plan.",
               "sluice");
  app.require_subcommand(1);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 a check said no, 2 usage, 3 bad input file, "
      "4 plan, model and host do not fit,\n5 memory, 6 device, 7 timeout, "
      "8 output not written. Main flags have a twin SLUICE_<FLAG>.");
  app.add_subcommand(
         "compile", "Compile a model directory to a plan (runs sluice-compile)")
      ->prefix_command();
  std::span<const char *const> arguments(argv + std::min(argc, 1), argv + argc);
  Action action;
  addRun(app, action);
  addBench(app, action);
  addCheck(app, action);
  addDump(app, action);
  addTokenize(app, action);
  tameVerbs(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return parseFailure(app, error, arguments);
  }
  Status status = action();
  if (status.ok())
    return 0;
  return fail(commandName(app, chosenVerb(app)), status.message(),
              exitCode(status.code()));
} catch (const std::bad_alloc &) {
  return fail("sluice", "out of memory", exitCode(StatusCode::OutOfMemory));
} catch (const std::exception &error) {
  return fail("sluice", error.what(), exitCode(StatusCode::Failed));
}

} // namespace sluice
