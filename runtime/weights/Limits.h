#pragma once

#include <cstddef>

namespace sluice {

// V4-Pro has 145,116 tensors in some 150 files.
inline constexpr size_t mostShards = 1024;
inline constexpr size_t mostTensors = 2'000'000;

} // namespace sluice
