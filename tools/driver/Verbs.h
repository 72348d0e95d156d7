#pragma once

#include "runtime/base/Status.h"

#include <functional>

namespace CLI {
class App;
} // namespace CLI

namespace sluice {

/// What the chosen verb does once the command line is understood.
using Action = std::function<Status()>;

/// Each adds its verb to `app` and sets `action` when that verb is chosen.
/// `action` must outlive the parse.
void addBench(CLI::App &app, Action &action);
void addCheck(CLI::App &app, Action &action);
void addDump(CLI::App &app, Action &action);
void addEval(CLI::App &app, Action &action);
void addPack(CLI::App &app, Action &action);
void addRun(CLI::App &app, Action &action);
void addTokenize(CLI::App &app, Action &action);

/// `sluice compile ...`: becomes the program sluice-compile that lies beside
/// this one. Returns only if that fails.
Status becomeCompiler(int argc, char **argv);

} // namespace sluice
