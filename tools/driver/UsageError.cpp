#include "tools/driver/UsageError.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Suggest.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

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
  std::string near = nearestName(name, names);
  if (near == name) // behind "--" nothing is a flag
    return fmt::format("found {} where no more arguments are expected", name);
  return fmt::format("unknown {} {}{}",
                     flag            ? "flag"
                     : names.empty() ? "argument"
                                     : "verb",
                     inQuotes(name),
                     near.empty() ? "" : "; did you mean " + near + "?");
}

/// Whether the option called `name` ("--ctx") is on the command line.
bool isGiven(std::string_view name, std::span<const char *const> arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](std::string_view argument) {
                       return argument == name ||
                              (argument.starts_with(name) &&
                               argument.substr(name.size()).front() == '=');
                     });
}

/// CLI11's sentence about one option, in ours.
std::string clearer(std::string sentence) {
  std::string name = sentence.substr(0, sentence.find_first_of(": "));
  if (sentence.ends_with(" was given a disallowed flag override"))
    return "--" + name + " takes no value"; // named without its dashes
  if (sentence.ends_with(" missing"))
    return name + ": expected a value";
  constexpr std::string_view often = "At Most 1 required but received ";
  if (size_t at = sentence.find(often); at != sentence.npos)
    return fmt::format("{}: expected once, found {} times", name,
                       sentence.substr(at + often.size()));
  if (sentence.ends_with(" is required"))
    return fmt::format("expected {}",
                       sentence.substr(0, sentence.rfind(" is required")));
  return sentence;
}

/// With the variable's name in front, if that is where the value came from.
std::string withSource(const CLI::App &verb, std::string sentence,
                       std::span<const char *const> arguments) {
  std::string name = sentence.substr(0, sentence.find(": "));
  const CLI::Option *option = verb.get_option_no_throw(name);
  if (!option || option->get_envname().empty() || isGiven(name, arguments))
    return sentence;
  const char *value = std::getenv(option->get_envname().c_str());
  if (!value || !*value)
    return sentence;
  return option->get_envname() + sentence.substr(name.size());
}

} // namespace

const CLI::App &chosenVerb(const CLI::App &app) {
  for (const CLI::App *verb : app.get_subcommands({}))
    if (verb->parsed())
      return *verb;
  return app;
}

void tameVerbs(CLI::App &app, std::span<const char *const> arguments) {
  std::string_view first = arguments.empty() ? "" : arguments.front();
  for (CLI::App *verb : app.get_subcommands({}))
    for (CLI::Option *option : verb->get_options()) {
      if (verb->get_name() != first)
        option->envname("");
      if (option->get_items_expected_max() == 0)
        option->disable_flag_override();
    }
}

std::string usageSentence(const CLI::App &app, const CLI::ParseError &error,
                          std::span<const char *const> arguments) {
  const CLI::App &verb = chosenVerb(app);
  std::vector<std::string> rest = app.remaining(/*recurse=*/true);
  if (dynamic_cast<const CLI::ExtrasError *>(&error))
    return unknownArgument(verb, rest.empty() ? "" : rest.front());
  if (dynamic_cast<const CLI::RequiredError *>(&error) && &verb == &app)
    return rest.empty() ? "expected a verb"
                        : unknownArgument(verb, rest.front());
  return withSource(verb, clearer(error.what()), arguments);
}

bool asksForHelp(std::span<const char *const> arguments) {
  for (std::string_view argument : arguments) {
    if (argument == "--")
      break;
    if (argument == "-h" || argument == "--help")
      return true;
  }
  return false;
}

} // namespace sluice
