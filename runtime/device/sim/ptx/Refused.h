#pragma once

#include <span>
#include <string_view>

namespace sluice::sim {

/// What an instruction belongs to that the simulator leaves out as a whole, in
/// words ("clusters of blocks"); "" for any other. `words` are its modifiers,
/// without dots.
std::string_view refusedFamily(std::string_view opcode,
                               std::span<const std::string_view> words);

} // namespace sluice::sim
