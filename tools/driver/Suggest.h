#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The one of `names` that `name` most likely meant: at most a third of its
/// letters differ. Empty if none is that near.
std::string nearestName(std::string_view name,
                        const std::vector<std::string> &names);

} // namespace sluice
