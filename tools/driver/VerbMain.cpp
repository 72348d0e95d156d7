#include "tools/driver/VerbMain.h"

#include "runtime/base/Status.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/UsageError.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <span>
#include <string>

namespace sluice {
namespace {

constexpr int usageError = 2;

std::string commandName(const CLI::App &app, const CLI::App &verb) {
  return &app == &verb ? app.get_name()
                       : app.get_name() + " " + verb.get_name();
}

int parseFailure(const CLI::App &app, const CLI::ParseError &error,
                 std::span<const char *const> arguments) {
  const CLI::App &verb = chosenVerb(app);
  // Help and version are "errors" too, with exit code 0.
  bool asked = error.get_exit_code() == 0;
  if (asked || asksForHelp(arguments)) {
    app.exit(asked ? error : CLI::CallForHelp());
    Status status = flushStandardOutput();
    return status.ok() ? 0
                       : failedWith(commandName(app, verb), status.message(),
                                    exitCode(status.code()));
  }
  return failedWith(commandName(app, verb),
                    fmt::format("{}\nRun \"{} --help\" for what is possible.",
                                usageSentence(app, error, arguments),
                                commandName(app, verb)),
                    usageError);
}

} // namespace

int failedWith(std::string_view command, std::string_view sentence, int code) {
  fmt::print(stderr, "{}: {}\n", command, sentence);
  return code;
}

int guarded(std::string_view name, const std::function<int()> &program) try {
  // A reader that goes away, or a file that may not grow, is an error of
  // write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return program();
} catch (const std::bad_alloc &) {
  return failedWith(name, "out of memory", exitCode(StatusCode::OutOfMemory));
} catch (const std::exception &error) {
  return failedWith(name, error.what(), exitCode(StatusCode::Failed));
}

int runVerb(CLI::App &app, int argc, char **argv,
            const std::function<void(std::function<Status()> &)> &addVerbs) {
  std::span<const char *const> arguments(argv + std::min(argc, 1), argv + argc);
  app.require_subcommand(1);
  std::function<Status()> action;
  addVerbs(action);
  tameVerbs(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return parseFailure(app, error, arguments);
  }
  Status status = action();
  if (status.ok())
    return 0;
  return failedWith(commandName(app, chosenVerb(app)), status.message(),
                    exitCode(status.code()));
}

} // namespace sluice
