#pragma once

#include <functional>
#include <string_view>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

class Status;

/// Runs `program`, the body of main: a reader that goes away is an error of
/// write(), and an exception is a sentence on stderr behind `name` and an exit
/// code.
int guarded(std::string_view name, const std::function<int()> &program);

/// Parses the command line of a program that has verbs, and runs the one that
/// was chosen: `addVerbs` gives `app` its verbs, which set what is to be done.
/// Returns the exit code (runtime/base/Status.h, exitCode); a failure is a
/// sentence on stderr behind the program's and the verb's name.
int runVerb(CLI::App &app, int argc, char **argv,
            const std::function<void(std::function<Status()> &)> &addVerbs);

/// Writes "command: sentence" to stderr; `code`.
int failedWith(std::string_view command, std::string_view sentence, int code);

} // namespace sluice
