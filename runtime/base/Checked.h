#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {

/// Arithmetic on sizes that come from a file: nothing when the result does not
/// fit. Raw * and + on such sizes is a bug (CVE after CVE began that way).
template <typename T> std::optional<T> checkedAdd(T a, T b) {
  T r;
  return __builtin_add_overflow(a, b, &r) ? std::nullopt : std::optional<T>(r);
}
template <typename T> std::optional<T> checkedMul(T a, T b) {
  T r;
  return __builtin_mul_overflow(a, b, &r) ? std::nullopt : std::optional<T>(r);
}

/// `value` rounded up to a multiple of `alignment` (> 0).
inline std::optional<uint64_t> checkedAlign(uint64_t value,
                                            uint64_t alignment) {
  std::optional<uint64_t> sum = checkedAdd(value, alignment - 1);
  return sum ? std::optional<uint64_t>(*sum / alignment * alignment)
             : std::nullopt;
}

/// Whether [offset, offset + length) lies inside [0, size).
constexpr bool inRange(uint64_t offset, uint64_t length, uint64_t size) {
  return offset <= size && length <= size - offset;
}

} // namespace sluice
