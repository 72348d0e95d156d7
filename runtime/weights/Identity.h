#pragma once

#include "runtime/base/Hash.h"
#include "runtime/weights/SafetensorsHeader.h"

#include <span>
#include <string>
#include <utility>

namespace sluice {

/// Which model a plan was made for: the hash of the sorted lines
///     name dtype [2, 3]\n      one for each of `tensors`
/// followed by the sorted lines
///     key=value\n              one for each of `fields`
/// Values of weights are not in it (design.md 3): two checkpoints of the same
/// architecture and format have the same identity.
Hash128
modelIdentity(std::span<const TensorInfo *const> tensors,
              std::span<const std::pair<std::string, std::string>> fields);

} // namespace sluice
