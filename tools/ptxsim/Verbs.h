#pragma once

#include "runtime/base/Status.h"

#include <functional>

namespace CLI {
class App;
} // namespace CLI

namespace sluice::ptxsim {

/// What the chosen verb does once the command line is understood.
using Action = std::function<Status()>;

/// Each adds its verb to `app` and sets `action` when that verb is chosen.
/// `action` must outlive the parse.
void addExplain(CLI::App &app, Action &action);
void addList(CLI::App &app, Action &action);
void addRun(CLI::App &app, Action &action);

} // namespace sluice::ptxsim
