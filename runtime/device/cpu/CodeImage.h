#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice {

/// Position-independent code and its read-only data, executable at the start of
/// a page. Never writable and executable at once: the bytes are copied, then
/// the pages change from the one to the other.
class CodeImage {
public:
  /// Errors: OutOfMemory; DeviceError if the system forbids making memory
  /// executable.
  static Result<CodeImage> load(std::span<const uint8_t> image);

  CodeImage(CodeImage &&other) noexcept;
  CodeImage &operator=(CodeImage &&other) noexcept;
  ~CodeImage();

  const std::byte *data() const { return theData; }
  size_t size() const { return theSize; } // bytes of the image
  size_t mapped() const;                  // bytes of memory it takes

private:
  CodeImage() = default;

  std::byte *theData = nullptr;
  size_t theSize = 0;
};

} // namespace sluice
