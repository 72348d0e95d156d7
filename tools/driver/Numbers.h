#pragma once

#include <cstdint>

namespace CLI {
class Validator;
} // namespace CLI

namespace sluice {

/// Accepts a whole number of `least` to `most`, in digits.
CLI::Validator wholeNumber(uint64_t least, uint64_t most);

/// Accepts a number such as 0.7; not one that float cannot hold.
CLI::Validator realNumber();

} // namespace sluice
