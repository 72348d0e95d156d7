#pragma once

#include "runtime/base/Json.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A size bound of config.json in bytes and levels.
inline constexpr JsonLimits configLimits = {.maxBytes = size_t(1) << 20,
                                            .maxDepth = 32};

/// The values that `text`, a config.json, has for `keys` ("hidden_size",
/// "rope_scaling.factor"), in Json::canonical form, in the order of `keys`. A
/// plan records such pairs, so that a run can see whether a model still says
/// what the compiler read. A key that is not there has the value "".
Result<std::vector<std::pair<std::string, std::string>>>
readConfigFields(std::string_view text, const std::string &fileName,
                 std::span<const std::string> keys);

} // namespace sluice
