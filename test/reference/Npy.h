#pragma once

#include "test/reference/Linear.h"

#include <string>

namespace sluice::reference {

/// One dimension of int32 or int64, C order, as numpy.save writes it. Throws
/// std::runtime_error for anything else.
std::vector<std::int64_t> readIds(const std::string &path);

/// Writes f64 of the given shape.
void writeNpy(const std::string &path, View values,
              const std::vector<std::int64_t> &shape);

} // namespace sluice::reference
