#include "tools/driver/Driver.h"

#include "tools/driver/Suggest.h"
#include "tools/driver/Verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>

namespace sluice {
namespace {

constexpr int usageError = 2;

/// The verb on the command line, or the program itself.
const CLI::App &chosen(const CLI::App &app) {
  std::vector<const CLI::App *> verbs = app.get_subcommands({});
  for (const CLI::App *verb : verbs)
    if (verb->parsed())
      return *verb;
  return app;
}

std::string commandName(const CLI::App &app, const CLI::App &verb) {
  return &app == &verb ? "sluice" : "sluice " + verb.get_name();
}

/// "unknown flag --promt; did you mean --prompt?"
std::string unknownArgument(const CLI::App &verb, const std::string &argument) {
  std::vector<std::string> names;
  bool flag = argument.starts_with("-");
  if (flag)
    for (const CLI::Option *option : verb.get_options())
      for (const std::string &name : option->get_lnames())
        names.push_back("--" + name);
  else
    for (const CLI::App *sub : verb.get_subcommands({}))
      names.push_back(sub->get_name());
  std::string name = argument.substr(0, argument.find('='));
  std::string text = fmt::format("unknown {} {}",
                                 flag            ? "flag"
                                 : names.empty() ? "argument"
                                                 : "verb",
                                 name);
  if (std::string near = nearestName(name, names); !near.empty())
    text += fmt::format("; did you mean {}?", near);
  return text;
}

int fail(const std::string &command, std::string_view sentence, int code) {
  fmt::print(stderr, "{}: {}\n", command, sentence);
  return code;
}

int parseFailure(const CLI::App &app, const CLI::ParseError &error) {
  // Help and version are "errors" too, with exit code 0.
  if (error.get_exit_code() == 0)
    return app.exit(error);
  const CLI::App &verb = chosen(app);
  std::string sentence = error.what();
  if (dynamic_cast<const CLI::ExtrasError *>(&error)) {
    std::vector<std::string> rest = app.remaining(/*recurse=*/true);
    sentence = unknownArgument(verb, rest.empty() ? "" : rest.front());
  } else if (dynamic_cast<const CLI::RequiredError *>(&error) &&
             &verb == &app) {
    std::vector<std::string> rest = app.remaining(/*recurse=*/true);
    sentence =
        rest.empty() ? "expected a verb" : unknownArgument(verb, rest.front());
  }
  return fail(commandName(app, verb),
              fmt::format("{}\nRun \"{} --help\" for what is possible.",
                          sentence, commandName(app, verb)),
              usageError);
}

} // namespace

int sluiceMain(int argc, char **argv) try {
  // A reader that goes away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
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
  Action action;
  addRun(app, action);
  addBench(app, action);
  addCheck(app, action);
  addDump(app, action);
  addTokenize(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return parseFailure(app, error);
  }
  Status status = action();
  if (status.ok())
    return 0;
  return fail(commandName(app, chosen(app)), status.message(),
              exitCode(status.code()));
} catch (const std::bad_alloc &) {
  return fail("sluice", "out of memory", exitCode(StatusCode::OutOfMemory));
} catch (const std::exception &error) {
  return fail("sluice", error.what(), exitCode(StatusCode::Failed));
}

} // namespace sluice
