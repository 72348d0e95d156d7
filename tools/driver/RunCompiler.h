#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace sluice {

/// The sluice-compile beside this program. Errors: Incompatible if /proc does
/// not say where that is.
Result<std::string> compilerPath();

/// The sentence for a compiler that cannot be run, with errno's reason.
Status cannotRunCompiler(const std::string &path, int error);

/// Runs the compiler with `words` and waits for its end. What it says goes to
/// stderr as it says it. Errors: its exit code's; Failed when interrupted.
Status runCompiler(const std::vector<std::string> &words);

/// In the compiler that runCompiler began: it ends, as by SIGTERM, when its
/// parent does, however that happens.
void endWithParent();

} // namespace sluice
