#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// (name, path) of the files in the folder `directory` that go into a packed
/// model as they are: tokenizer, generation_config.json and the like; sorted.
/// Left out with a warning: folders, weights of other formats, and what is
/// larger than a model's small files are. Errors: BadInput.
Result<std::vector<std::pair<std::string, std::string>>>
smallFiles(const std::string &directory, std::vector<std::string> &warnings);

} // namespace sluice
