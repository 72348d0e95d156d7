#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

/// U+FFFD, what stands for bytes that are no text.
constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD";

/// What the start of some bytes is: one well-formed UTF-8 sequence of `length`
/// bytes, an ill-formed part of `length` bytes (the longest start of a
/// well-formed sequence, at least 1: what one U+FFFD replaces), or the start of
/// a sequence that needs more bytes than there are (`length` of them).
struct Utf8Step {
  enum Kind : uint8_t { WellFormed, IllFormed, Incomplete };
  Kind kind;
  uint8_t length; // 1..4
};

/// The step at the front of `bytes`, which is not empty.
Utf8Step nextUtf8(std::string_view bytes);

/// Offset of the first byte that is not part of well-formed UTF-8; none if all
/// of `text` is.
std::optional<size_t> findInvalidUtf8(std::string_view text);

} // namespace sluice
