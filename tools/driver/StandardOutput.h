#pragma once

#include "runtime/base/Status.h"

#include <string_view>

namespace sluice {

/// Writes all of `text` to stdout, now. Errors: OutputNotWritten, for a full
/// disk or a reader that is gone.
Status writeStandardOutput(std::string_view text);

/// What was printed through std::cout, as help texts are, has been written.
/// Errors: OutputNotWritten.
Status flushStandardOutput();

} // namespace sluice
