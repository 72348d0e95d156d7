#pragma once

#include "runtime/base/Status.h"

#include <string>

namespace sluice {

/// All bytes of the file `path`, or of stdin for "-". Errors: BadInput if it
/// cannot be read or is larger than 256 MiB.
Result<std::string> readInputText(const std::string &path);

} // namespace sluice
