#pragma once

#include <string>

namespace sluice {

/// Whether two paths are one file, now or once it is written. A device may be
/// written twice.
bool isSameFile(const std::string &a, const std::string &b);

} // namespace sluice
