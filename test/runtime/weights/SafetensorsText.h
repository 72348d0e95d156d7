#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// The 8 bytes that say how long a header is.
inline std::string headerLength(uint64_t length) {
  std::string text;
  for (int i = 0; i < 8; ++i)
    text += static_cast<char>(length >> (8 * i));
  return text;
}

/// A safetensors file with this header and that many bytes of data.
inline std::string safetensorsText(std::string_view header, size_t dataBytes) {
  return headerLength(header.size()) + std::string(header) +
         std::string(dataBytes, '\x2a');
}

inline std::span<const std::byte> asBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte *>(text.data()), text.size()};
}

} // namespace sluice
