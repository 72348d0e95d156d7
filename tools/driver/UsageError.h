#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace sluice {

/// The verb on the command line, or `app` itself.
const CLI::App &chosenVerb(const CLI::App &app);

/// Lets only the verb that `arguments` begin with look at its SLUICE_*
/// variables: CLI11 asks all of them, so that a wrong SLUICE_PREFILL would stop
/// `sluice run`. And no flag takes a value: --json=no is a slip.
void tameVerbs(CLI::App &app, std::span<const char *const> arguments);

/// What is wrong with `arguments`, as a sentence: CLI11's words, made clearer,
/// with the nearest name for an unknown one.
std::string usageSentence(const CLI::App &app, const CLI::ParseError &error,
                          std::span<const char *const> arguments);

/// Whether `arguments` ask for help, whatever else is wrong with them.
bool asksForHelp(std::span<const char *const> arguments);

} // namespace sluice
