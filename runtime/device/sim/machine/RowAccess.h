#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::sim {

// Memory of all 32 lanes in a row, `count` elements (1, 2, 4, 8) of each, and
// the registers of these elements. The memory may lie anywhere.

inline constexpr int kMostElements = 8;

void readRow(uint16_t *const *registers, const std::byte *from, int count);
void readRow(uint32_t *const *registers, const std::byte *from, int count);
void readRow(uint64_t *const *registers, const std::byte *from, int count);

void writeRow(const uint16_t *const *registers, std::byte *to, int count);
void writeRow(const uint32_t *const *registers, std::byte *to, int count);
void writeRow(const uint64_t *const *registers, std::byte *to, int count);

} // namespace sluice::sim
