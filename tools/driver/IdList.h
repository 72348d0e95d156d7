#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Token ids as a command line gives them: "5,7,9" (commas, blanks or both
/// between them), or "@ids.npy", one dimension of int32 or int64. May be empty.
/// Errors: InvalidArgument for text that is no such list, BadInput for the
/// file.
Result<std::vector<int32_t>> parseIdList(std::string_view text);

/// "5,7,9".
std::string printIdList(std::span<const int32_t> ids);

} // namespace sluice
